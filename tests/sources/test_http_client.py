"""The HTTP client of sources, against real sockets: deadlines, bounds, redirects, TLS, secrets."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from spanpact.errors import SourceError, SourceUnavailable, UsageError
from spanpact.sources.http_client import HttpClient, HttpLimits, parse_url
from spanpact.sources.http_headers import parse_headers
from spanpact.sources.tls import TlsOptions
from tests.sources.scripted_http import Certificates, Script, ScriptedServer, answer, make_certificates

SECRET = "s3cr3t"
SHORT = HttpLimits(seconds=0.2)


def client(server: ScriptedServer, path: str = "", **options: object) -> HttpClient:
    return HttpClient(server.url + path, name="Server", **options)  # type: ignore[arg-type]


def always(reply: bytes | list[bytes] | None) -> Script:
    return lambda head: reply


class TestGet:
    def test_a_response_has_its_status_headers_and_body(self) -> None:
        with ScriptedServer(always(answer(404, b"{}", X_Kind="none"))) as server:
            got = client(server).get("/a")
        assert (got.status, got.body, got.is_json, got.headers["x-kind"]) == (404, b"{}", True, "none")

    def test_path_and_query_are_encoded_below_the_base_path(self) -> None:
        with ScriptedServer(always(answer(200))) as server:
            client(server, "/jaeger/").get("/api/a b", [("x", "1&2 +ä"), ("y", "")])
        assert server.targets == ["/jaeger/api/a%20b?x=1%262%20%2B%C3%A4&y="]

    def test_headers_are_sent_with_every_request(self) -> None:
        with ScriptedServer(always(answer(200))) as server:
            client(server, headers={"Authorization": f"Bearer {SECRET}"}).get("/")
        assert f"authorization: bearer {SECRET}\r\n" in server.heads[0].lower()

    @pytest.mark.parametrize(
        "reply",
        [
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"HTTP/1.0 200 OK\r\n\r\nabc",
            b"HTTP/1.1 103 Hint\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc",
        ],
        ids=["chunked", "until the end", "after a hint"],
    )
    def test_bodies_are_read_in_every_framing(self, reply: bytes) -> None:
        with ScriptedServer(always([reply[i : i + 1] for i in range(len(reply))])) as server:
            assert client(server).get("/").body == b"abc"


class TestFailures:
    def test_a_closed_port_is_unavailable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        with pytest.raises(SourceUnavailable, match=rf"Server at http://127.0.0.1:{port}: cannot be reached: Conn"):
            HttpClient(f"http://127.0.0.1:{port}", name="Server").get("/")

    def test_an_unknown_host_is_unavailable(self) -> None:
        with pytest.raises(SourceUnavailable, match=r"Server at http://nowhere.invalid: cannot be reached"):
            HttpClient("http://nowhere.invalid", name="Server").get("/")

    def test_a_silent_server_is_given_up_at_the_deadline(self) -> None:
        with (
            ScriptedServer(always(None)) as server,
            pytest.raises(SourceUnavailable, match=r"no response within 0\.2 s"),
        ):
            client(server, limits=SHORT).get("/")

    def test_a_slow_response_is_given_up_at_the_total_deadline(self) -> None:
        seconds = itertools.count()  # a second passes with each look at the clock
        drops = [b"HTTP/1.1 200 OK\r\n", *(b"x-%d: 1\r\n" % i for i in range(50)), b"\r\n"]
        with ScriptedServer(always(drops)) as server, pytest.raises(SourceUnavailable, match="no response within 4 s"):
            client(server, limits=HttpLimits(seconds=4), clock=lambda: float(next(seconds))).get("/")

    @pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"])
    def test_a_truncated_response_is_unavailable(self, reply: bytes) -> None:
        with ScriptedServer(always(reply)) as server, pytest.raises(SourceUnavailable, match="closed the connection"):
            client(server).get("/")

    def test_a_server_that_is_not_http_is_an_error(self) -> None:
        with ScriptedServer(always(b"SSH-2.0-x\r\n\r\n")) as server:
            with pytest.raises(SourceError, match="does not speak HTTP") as raised:
                client(server).get("/")
            assert not isinstance(raised.value, SourceUnavailable)

    @pytest.mark.parametrize("chunked", [True, False])
    def test_a_response_that_is_too_large_is_not_read_to_its_end(self, chunked: bool) -> None:
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" if chunked else b"HTTP/1.0 200 OK\r\n\r\n"
        parts = [head, *([b"400\r\n" + b"x" * 1024 + b"\r\n"] * 10_000)]
        with (
            ScriptedServer(always(parts)) as server,
            pytest.raises(SourceError, match=r"a response of more than 5,000 bytes \(ask for fewer traces"),
        ):
            client(server, limits=HttpLimits(body=5000)).get("/")

    @pytest.mark.parametrize(
        ("location", "shown"),
        [
            (f"http://u:{SECRET}@elsewhere.example/?token={SECRET}", "to http://elsewhere.example "),
            ("/login", "to elsewhere "),
            ("http://[", "to elsewhere "),
        ],
    )
    @pytest.mark.fault("N2")
    def test_redirects_are_not_followed(self, location: str, shown: str) -> None:
        with ScriptedServer(always(answer(302, location=location))) as server:
            with pytest.raises(SourceError, match="responded 302, a redirect ") as raised:
                client(server, headers={"authorization": SECRET}).get("/")
            assert len(server.heads) == 1
        assert shown in str(raised.value)
        assert SECRET not in str(raised.value)


@pytest.mark.fault("N2")
class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "", "localhost:16686", "ftp://a", "file:///etc/passwd", "http://", "http://a:b", "http://a:99999", "http://[::1",
            "http://a b", "http://ä", "http://a\r\nx: y",
        ],
    )  # fmt: skip
    def test_a_text_that_is_no_address_is_one_error_line(self, url: str) -> None:
        with pytest.raises(UsageError, match=r"not an address.*\(accepted: http://HOST:PORT or https://HOST:PORT\)$"):
            parse_url(url)

    def test_credentials_in_a_url_are_refused_and_not_repeated(self) -> None:
        with pytest.raises(UsageError, match="credentials do not belong in a URL") as raised:
            HttpClient(f"http://user:{SECRET}@host", name="Server")
        assert SECRET not in str(raised.value)

    @pytest.mark.parametrize(
        ("url", "shown"),
        [("http://a", "http://a"), ("https://a:443/", "https://a"), ("http://[::1]:9/x", "http://[::1]:9/x")],
    )
    def test_addresses_are_shown_without_the_default_port(self, url: str, shown: str) -> None:
        assert repr(HttpClient(url, name="Server", headers={"a": SECRET})) == f"<HttpClient {shown}>"


class TestHeaders:
    def test_headers_have_the_form_of_the_exporters_variable(self) -> None:
        text = "authorization=Bearer%20a%2Cb, X-Scope-OrgID = team ,,"
        assert parse_headers(text, variable="V") == {"authorization": "Bearer a,b", "x-scope-orgid": "team"}
        assert parse_headers("", variable="V") == {}

    @pytest.mark.parametrize("text", [f"a=1,{SECRET}", f"a=1,{SECRET} x=1", f"a=1,b={SECRET}%0D%0Ac: d", "a=1,host=b"])
    def test_a_malformed_header_is_named_by_its_number(self, text: str) -> None:
        with pytest.raises(UsageError, match="V: header 2 is malformed") as raised:
            parse_headers(text, variable="V")
        assert SECRET not in str(raised.value)

    @pytest.mark.parametrize("headers", [{"a": f"{SECRET}\r\nb: c"}, {"a b": SECRET}, {"Host": SECRET}, {"a": "ä"}])
    def test_no_header_can_break_the_request(self, headers: dict[str, str]) -> None:
        with pytest.raises(UsageError, match="a header is malformed") as raised:
            HttpClient("http://a", name="Server", headers=headers)
        assert SECRET not in str(raised.value)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


class TestTls:
    def test_a_given_authority_is_trusted(self, certificates: Certificates) -> None:
        with ScriptedServer(always(answer(200, b"{}")), tls=certificates.server()) as server:
            assert client(server, tls=TlsOptions(certificates.authority)).get("/").body == b"{}"

    def test_an_untrusted_certificate_is_an_error(self, certificates: Certificates) -> None:
        with (
            ScriptedServer(always(answer(200)), tls=certificates.server()) as server,
            pytest.raises(SourceError, match=r"its certificate is not trusted: .*--ca-file"),
        ):
            client(server).get("/")

    def test_a_certificate_of_another_host_is_an_error(self, certificates: Certificates) -> None:
        with ScriptedServer(always(answer(200)), tls=certificates.server()) as server:
            tls = TlsOptions(certificates.authority)
            with pytest.raises(SourceError, match=r"its certificate is not trusted: .*localhost"):
                HttpClient(f"https://localhost:{server.port}", name="Server", tls=tls).get("/")

    def test_a_client_certificate_is_sent(self, certificates: Certificates) -> None:
        tls = TlsOptions(certificates.authority, certificates.certificate, certificates.key)
        with ScriptedServer(always(answer(200, b"{}")), tls=certificates.server(asks_client=True)) as server:
            assert client(server, tls=tls).get("/").status == 200
            with pytest.raises(SourceError, match=r"no secure connection|cannot be reached|does not speak"):
                client(server, tls=TlsOptions(certificates.authority)).get("/")

    def test_a_server_without_tls_is_an_error(self, certificates: Certificates) -> None:
        with (
            ScriptedServer(always(b"HTTP/1.1 400 Bad\r\n\r\n" * 9)) as server,
            pytest.raises(SourceError, match="no secure connection"),
        ):
            HttpClient(f"https://127.0.0.1:{server.port}", name="Server", limits=SHORT).get("/")

    @pytest.mark.parametrize(
        "files", [("missing.pem", "", ""), ("", "missing.pem", ""), ("", "", "some.key"), ("no.pem", "", "")]
    )
    def test_unusable_files_are_one_error_line(self, tmp_path: Path, files: tuple[str, str, str]) -> None:
        (tmp_path / "no.pem").write_text("nothing")
        paths = [str(tmp_path / file) if file else "" for file in files]
        with pytest.raises(UsageError, match=r"cannot use .*pem: |a client key needs its certificate"):
            HttpClient("https://a", name="Server", tls=TlsOptions(*paths))

    def test_a_key_with_a_passphrase_is_refused_without_a_prompt(self, tmp_path: Path) -> None:
        made = make_certificates(tmp_path)
        key = load_pem_private_key(Path(made.key).read_bytes(), None)
        cipher = BestAvailableEncryption(SECRET.encode())
        locked = tmp_path / "locked.key"
        locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, cipher))
        with pytest.raises(UsageError, match="without a passphrase"):
            HttpClient("https://a", name="Server", tls=TlsOptions("", made.certificate, str(locked)))
