"""Attributes that the OpenTelemetry semantic conventions renamed: old name to new name.

Source: the migration guides of the conventions (HTTP, databases, networks, messaging, code), 1.20 to 1.40.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NEW_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "code.column": "code.column.number",
        "code.filepath": "code.file.path",
        "code.function": "code.function.name",
        "code.lineno": "code.line.number",
        "db.cassandra.table": "db.collection.name",
        "db.cosmosdb.container": "db.collection.name",
        "db.mongodb.collection": "db.collection.name",
        "db.name": "db.namespace",
        "db.operation": "db.operation.name",
        "db.redis.database_index": "db.namespace",
        "db.sql.table": "db.collection.name",
        "db.statement": "db.query.text",
        "db.system": "db.system.name",
        "deployment.environment": "deployment.environment.name",
        "enduser.role": "user.roles",
        "event.name": "event_name",
        "gen_ai.system": "gen_ai.provider.name",
        "gen_ai.usage.completion_tokens": "gen_ai.usage.output_tokens",
        "gen_ai.usage.prompt_tokens": "gen_ai.usage.input_tokens",
        "http.client_ip": "client.address",
        "http.flavor": "network.protocol.version",
        "http.host": "server.address",
        "http.method": "http.request.method",
        "http.request_content_length": "http.request.body.size",
        "http.resend_count": "http.request.resend_count",
        "http.response_content_length": "http.response.body.size",
        "http.scheme": "url.scheme",
        "http.server_name": "server.address",
        "http.status_code": "http.response.status_code",
        "http.target": "url.path",
        "http.url": "url.full",
        "http.user_agent": "user_agent.original",
        "messaging.client_id": "messaging.client.id",
        "messaging.destination": "messaging.destination.name",
        "messaging.kafka.consumer.group": "messaging.consumer.group.name",
        "messaging.operation": "messaging.operation.type",
        "net.host.ip": "server.address",
        "net.host.name": "server.address",
        "net.host.port": "server.port",
        "net.peer.ip": "network.peer.address",
        "net.peer.name": "server.address",
        "net.peer.port": "server.port",
        "net.protocol.name": "network.protocol.name",
        "net.protocol.version": "network.protocol.version",
        "net.sock.peer.addr": "network.peer.address",
        "net.sock.peer.port": "network.peer.port",
        "net.transport": "network.transport",
        "peer.service": "service.peer.name",
        "rpc.grpc.status_code": "rpc.response.status_code",
        "rpc.system": "rpc.system.name",
        "telemetry.auto.version": "telemetry.distro.version",
    }
)
