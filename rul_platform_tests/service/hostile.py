"""Strings and bodies that somebody may send who means no good, or whose program is broken."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

SEGMENTS = (
    "..",
    "%2e%2e",
    "%2e%2e%2f",
    "..%2f",
    "%252e%252e%252f",
    "..;",
    "....//",
    "..%5c",
    "..\\",
    "%c0%ae%c0%ae%c0%af",
    "%uff0e%uff0e%u2215",
    ".%00.",
    "\uff0e\uff0e\uff0f",
)
TARGETS = ("etc/passwd", "proc/self/environ", "keys/sessions.key", "rul.db", "windows/win.ini")


def _traversals() -> Iterator[str]:
    for segment in SEGMENTS:
        for target in TARGETS:
            yield "/".join([segment] * 6) + "/" + target
    for target in TARGETS:
        yield from (f"/{target}", f"//{target}", f"file:///{target}", f"\\\\host\\share\\{target}")
        yield from (f"press:1/../../{target}", f"press\x00/{target}", f"press%00.{target}")
        yield from (f"C:\\{target}", f"jar:file:{target}!/x", f"press:1#{target}", f"?{target}")


ODD = (
    *(
        "",
        " ",
        ".",
        "..",
        "...",
        "/",
        "//",
        "\\",
        "~",
        "~root",
        "-",
        "--help",
        "-rf",
        "*",
        "%",
        "%%",
    ),
    *(
        "%00",
        "%0a",
        "%0d%0aSet-Cookie:x=1",
        "\r\nX: y",
        "\n",
        "\t",
        "\x00",
        "\x01",
        "\x1b[31m",
        "\x7f",
    ),
    *(
        "/proc/self/fd/0",
        "/proc/1/root/etc/shadow",
        "/dev/zero",
        "/dev/stdin",
        "/dev/tcp/1.1.1.1/80",
    ),
    *(
        "\\\\127.0.0.1\\c$\\boot.ini",
        "//127.0.0.1/c$",
        "\\\\?\\C:\\",
        "\\\\.\\PhysicalDrive0",
        "CON",
        "nul",
    ),
    *("http://127.0.0.1/", "http://169.254.169.254/latest/", "gopher://x", "data:,x", "ftp://x/"),
    *("javascript:alert(1)", "<script>alert(1)</script>", "<!--", "]]>", "&amp;", "&#0;", "'\"><"),
    *(
        "' OR 1=1 --",
        "'; DROP TABLE prediction; --",
        "1; SELECT pg_sleep(9)",
        '" OR ""="',
        "%27",
        "\\'",
    ),
    *(
        "${jndi:ldap://x}",
        "{{7*7}}",
        "${7*7}",
        "#{7*7}",
        "%s%s%n",
        "{0}",
        "{plant}",
        "$(id)",
        "`id`",
        "|id",
    ),
    *(
        "\u00e9",
        "\u0130",
        "\ufb00",
        "\u00df",
        "\u202epress",
        "\u2028",
        "\u2029",
        "\ufeffpress",
        "\u200b",
        "\u0000press",
    ),
    *(
        "\uff50\uff52\uff45\uff53\uff53",
        "\u0440ress",
        "press ",
        " press",
        "PRESS",
        "Press",
        "press\u0300",
        "\U0001f3ed",
        "\U0010ffff",
        "\ufffe",
    ),
    *("%ff", "%ed%a0%80", "%f5%80%80%80", "%c3", "%80", "%zz", "%u0000", "%2", "a%", "%25%30%30"),
    *(
        "press:",
        ":1",
        "press:0",
        "press:-1",
        "press:01",
        "press:1.0",
        "press:1e3",
        "press:+1",
        "press:\u0661",
    ),
    *(
        "press:99999999999999999999",
        "press:999999999",
        "press::1",
        "press:1:1",
        "press: 1",
        "press:1 ",
    ),
    *(
        "press:0x1",
        "press:\u00bd",
        "press:\u00b2",
        "press:None",
        "press:latest",
        "press:*",
        "*:1",
        "none:1",
        "a" * 41,
    ),
    *(
        "a" * 255,
        "a" * 4096,
        "\u00e9" * 5000,
        "a" * 30_000,
        "../" * 3000,
        "%2e%2e%2f" * 2000,
        "0" * 64,
        "f" * 63,
    ),
    *(
        "F" * 64,
        "g" * 64,
        "f" * 65,
        "0" * 32,
        "0" * 31,
        "0" * 33,
        "A" * 32,
        "g" * 32,
        "\uff10" * 32,
        "0" * 31 + "\n",
    ),
    *(
        "null",
        "undefined",
        "NaN",
        "true",
        "0",
        "-1",
        "[]",
        "{}",
        "__class__",
        "__proto__",
        "constructor",
    ),
    *(
        "rul.db",
        "keys",
        ".env",
        ".git/config",
        "store/",
        "press.toml",
        "press/",
        "press/.",
        "press/..",
        "live",
    ),
)
STRINGS = tuple(dict.fromkeys((*_traversals(), *ODD)))
"""Names of nothing that is there, though some look as if; nothing may be opened for one of them."""


def with_value(body: dict[str, Any], place: str, value: str) -> bytes:
    """A body's JSON in which the text at ``"<here>"`` is replaced by raw JSON, valid or not."""
    return json.dumps(body).replace(f'"<{place}>"', value).encode()


def deep(levels: int) -> bytes:
    """Lists in lists."""
    return b"[" * levels + b"]" * levels


def bomb() -> bytes:
    """A few kB that become many MB."""
    return gzip.compress(b" " * 50_000_000)
