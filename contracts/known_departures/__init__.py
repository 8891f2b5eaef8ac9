"""A subject that is not ours: how `opentelemetry-instrumentation-redis` departs from the contracts, exactly."""
