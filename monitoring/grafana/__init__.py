"""The Grafana dashboard: `panels` has what it shows, `python -m monitoring.grafana` draws it as JSON."""
