"""The ledger's address in the forms that people have at hand."""

from __future__ import annotations

import pytest

from checkout.model.validation.reader import Invalid
from checkout.settings.database_url import database_url


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("sqlite:///checkout.db", "sqlite:///checkout.db"),
        ("sqlite:////var/lib/checkout/checkout.db", "sqlite:////var/lib/checkout/checkout.db"),
        ("sqlite+pysqlite:///a b.db", "sqlite:///a b.db"),
        ("sqlite:///C:/checkout/checkout.db", "sqlite:///C:/checkout/checkout.db"),
        ("sqlite:///C:\\checkout.db", "sqlite:///C:\\checkout.db"),
        ("postgresql://host/name", "postgresql://host/name"),
        ("postgres://u:p@host:5433/name", "postgresql://u:p@host:5433/name"),
        ("postgresql+psycopg://u@[::1]:5432/name", "postgresql://u@[::1]:5432/name"),
        ("POSTGRESQL+asyncpg://host/name", "postgresql://host/name"),
        (
            "postgresql://u%40corp:p%40ss%2F%3F@host/name?sslmode=verify-full&sslrootcert=/a/b.pem",
            "postgresql://u%40corp:p%40ss%2F%3F@host/name?sslmode=verify-full&sslrootcert=%2Fa%2Fb.pem",
        ),
        ("postgresql:///name", "postgresql:///name"),
        (
            "postgresql://u@/name?host=/run/postgresql",
            "postgresql://u@/name?host=%2Frun%2Fpostgresql",
        ),
        (
            "postgresql://u@%2Frun%2Fpostgresql/name",
            "postgresql://u@/name?host=%2Frun%2Fpostgresql",
        ),
        (
            "postgresql://u:p@a:5432,b:5433/name?target_session_attrs=read-write",
            "postgresql://u:p@/name?host=a%3A5432&host=b%3A5433&target_session_attrs=read-write",
        ),
    ],
    ids=lambda url: url[:60],
)
def test_forms(given: str, read: str) -> None:
    assert database_url(given) == read
    assert database_url(read) == read


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("mysql://host/name", "must be like sqlite:///"),
        ("checkout.db", "must be like sqlite:///"),
        ("sqlite://checkout.db", "of SQLite three slashes and a file"),
        ("sqlite://", "of SQLite three slashes and a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///a.db?mode=ro", "without options"),
        ("postgresql://host", "must be like sqlite:///"),
        ("postgresql://host/", "must be like sqlite:///"),
        ("postgresql://u:p@55@host/name", "@ is %40"),
        ("postgresql://u:p/5@host/name", "/ is %2F"),
        ("postgresql://u:p#5@host/name", "# is %23"),
        ("postgresql://u:p[5@host/name", "percent-encoded"),
        ("postgresql://u:p 5@host/name", "percent-encoded"),
        ("postgresql://u:p@host:port/name", "percent-encoded"),
        ("postgresql://host/na\nme", "must be like sqlite:///"),
        (5, "must be like sqlite:///"),
    ],
    ids=str,
)
def test_what_is_none(given: object, reason: str) -> None:
    """Told without a word of it: it may have a password."""
    with pytest.raises(Invalid, match=reason) as refused:
        database_url(given)
    assert "5@" not in str(refused.value)
