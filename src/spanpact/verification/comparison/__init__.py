"""Two sources of one run compared: `source_comparison` compares what they hold, `span_comparison` one span in both."""
