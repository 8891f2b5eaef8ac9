"""Dashboards, rules and configurations that watch studio-api; README.md lists them."""
