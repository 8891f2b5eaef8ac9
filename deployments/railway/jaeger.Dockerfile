# Jaeger on a Railway volume at /badger; built in the root of the checkout.
FROM jaegertracing/jaeger:2.13.0
COPY deployments/jaeger/jaeger.yaml deployments/jaeger/sampling.json /etc/jaeger/
# Without it, Badger takes most of the memory that there is.
ENV GOMEMLIMIT=600MiB
CMD ["--config", "file:/etc/jaeger/jaeger.yaml"]
