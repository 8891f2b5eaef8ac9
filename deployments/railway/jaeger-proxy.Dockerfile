# The proxy in front of Jaeger; built in the root of the checkout.
FROM caddy:2.11-alpine
COPY deployments/jaeger/Caddyfile /etc/caddy/Caddyfile
USER 10001:10001
