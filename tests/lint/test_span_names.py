"""What looks like an id in a span's name, and what does not."""

from __future__ import annotations

import pytest

from spanpact.lint.rules.span_names import id_in


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("GET /users/123", "123"),
        ("GET /users/7", "7"),
        ("GET /users/7/orders", "7"),
        ("GET /users/7?full=1", "7"),
        ("GET /api/v2/users/81", "81"),
        ("GET /api/12345", "12345"),
        ("GET /users/0b4a3c52-9f61-4c3e-8a0e-2f1d5b7c9e11", "0b4a3c52-9f61-4c3e-8a0e-2f1d5b7c9e11"),
        ("job 0B4A3C52-9F61-4C3E-8A0E-2F1D5B7C9E11 done", "0B4A3C52-9F61-4C3E-8A0E-2F1D5B7C9E11"),
        ("GET /carts/507f1f77bcf86cd799439011", "507f1f77bcf86cd799439011"),
        ("session:9f86d081884c7d65", "9f86d081884c7d65"),
        ("order 01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("job 20260131", "20260131"),
        ("order-4815162342", "4815162342"),
        ("mail to ada@post.example.com", "ada@post.example.com"),
        ("GET /users/ada@example.com/posts", "ada@example.com"),
    ],
)
def test_ids(name: str, id: str) -> None:
    assert id_in(name) == id


@pytest.mark.parametrize(
    "name",
    [
        "GET", "GET /users/{id}", "GET /users/:id", "GET /users/<int:id>", "GET /api/2/issue",
        "GET /rest/api/3/search", "GET /errors/404", "GET /status/503", "GET /2/tweets", "GET /v1/users", "redis.get",
        "HTTP 500", "s3.PutObject", "SELECT studio.sessions", "grpc.health.v1.Health/Check", "orders process",
        "sha256", "base64.decode", "log4j2.write", "com.example.InternationalizationService2/GetTranslations",
        "EncodeUTF8ToISO88591", "GET /.well-known/openid", "Microsoft.Compute 2023-11-15", "queue-1 receive",
        "kafka.partition.12", "git clone git@github.com", "npm lodash@4.17.21", "deadbeef", "acceded",
        "effacedfacadedeed", "INVALIDATEALLSESSIONSNOW26", "DynamoDB.BatchGetItem", "1.2.3.4000000",
    ],
)  # fmt: skip
def test_no_ids(name: str) -> None:
    assert id_in(name) == ""
