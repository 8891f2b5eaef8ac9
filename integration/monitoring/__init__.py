"""The dashboards, rules and configurations of monitoring/ on a real Prometheus, collector and Jaeger."""
