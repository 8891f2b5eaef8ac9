"""Write the fragments `spanpact:semconv/NAME` from the registry of the OpenTelemetry semantic conventions."""
