"""The gate for queries that people declare: one plain query, of known functions, and nothing that acts (UPG-14).

Every query that is put together from a manifest goes through it as a whole, rendered, whatever its parts are.
"""

from typing import TYPE_CHECKING, Any

from enghub.core.i18n import Filled, Text
from enghub.core.lazy import lazy
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.lint import parser_dialect
from enghub.kit.sql.splitter import SplitError, split
from enghub.kit.sql.tokens import Kind, UnfinishedSql, tokens

if TYPE_CHECKING:
    import sqlalchemy as sa
    import sqlglot
    from sqlglot import exp
else:  # a third of a second: only who asks pays for it
    sa = lazy("sqlalchemy")
    sqlglot = lazy("sqlglot")
    exp = lazy("sqlglot.expressions")

NOT_ONE = Text("it is not exactly one statement", "它不是恰好一条语句")
NO_QUERY = Text("it is not a plain SELECT", "它不是普通的 SELECT")
ACTS = Text("it writes, locks, or makes a file", "它会写入、加锁或生成文件")
EXECUTABLE = Text("it has a comment that the server executes (/*! ... */)", "含有会被服务器执行的注释（/*! ... */）")
UNREAD = Text("it cannot be read", "无法解析")
UNKNOWN_FUNCTION = Text(
    "it calls {name}(), which is not among the functions that only compute; write the condition without it",
    "它调用了 {name}()，该函数不在允许的纯计算函数之列；请改写条件",
)
NOT_EXPRESSION = Text(
    "it is not one condition: no comment, no semicolon, and every parenthesis closed where it was opened",
    "它不是一个条件：不得含注释、分号，括号须成对",
)
_ACTING = (
    *("Insert", "Update", "Delete", "Merge", "Create", "Drop", "Command", "Lock", "Into", "Alter", "Set", "Copy"),
    *("Parameter", "SessionParameter", "NextValueFor", "ReadCSV"),
)
_PLAIN = frozenset(
    {"ABS", "ASCII", "BIT_LENGTH", "CEIL", "CEILING", "CHARACTER_LENGTH", "CHAR_LENGTH", "COALESCE", "CONCAT"}
    | {"CONCAT_WS", "CRC32", "DATEDIFF", "DATE_FORMAT", "DAYOFMONTH", "ELT", "EXP", "FIELD", "FIND_IN_SET", "FLOOR"}
    | {"FORMAT", "FROM_UNIXTIME", "HEX", "IF", "IFNULL", "INET6_ATON", "INET_ATON", "INET_NTOA", "INSTR", "ISNULL"}
    | {"IS_UUID", "JSON_CONTAINS", "JSON_DEPTH", "JSON_LENGTH", "JSON_TYPE", "JSON_UNQUOTE", "JSON_VALID", "LCASE"}
    | {"LENGTH", "LENGTHB", "LN", "LOCATE", "LOWER", "LPAD", "LTRIM", "MICROSECOND", "MID", "MOD", "NULLIF"}
    | {"OCTET_LENGTH", "ORD", "POSITION", "POWER", "QUOTE", "REGEXP_INSTR", "REGEXP_SUBSTR", "REVERSE", "ROUND"}
    | {"RPAD", "RTRIM", "SIGN", "SPACE", "STRCMP", "SUBSTR", "SUBSTRING_INDEX", "TIME_TO_SEC", "TO_DAYS", "TRUNCATE"}
    | {"UCASE", "UNHEX", "UPPER", "WEEKDAY", "YEARWEEK", "INT4RANGE", "ISEMPTY", "JSONB_TYPEOF", "JSON_TYPEOF"}
    | {"JSONB_ARRAY_LENGTH", "JSON_ARRAY_LENGTH", "ARRAY_LENGTH", "CARDINALITY", "BTRIM", "CHR", "DATE_PART", "AGE"}
    | {"DATE_TRUNC", "TO_CHAR", "TO_DATE", "TO_NUMBER", "TO_TIMESTAMP", "REGEXP_MATCH", "REGEXP_REPLACE", "SPLIT_PART"}
    | {"STARTS_WITH", "STRPOS", "TRANSLATE", "WIDTH_BUCKET", "ISFINITE", "SCALE", "TRUNC", "MASKLEN", "FAMILY", "HOST"}
    | {"JULIANDAY", "STRFTIME", "TYPEOF", "PRINTF", "UNICODE", "GLOB", "LIKE", "TOTAL", "DATETIME", "REGEXP"}
    | {"TOSTRING", "TOINT32", "TOINT64", "TOFLOAT64", "TODATE", "TODATETIME", "LENGTHUTF8", "EMPTY", "NOTEMPTY"}
    | {"ISNOTNULL", "MATCH", "TOINT64ORNULL", "TOINT32ORNULL", "TOFLOAT64ORNULL", "TODATEORNULL", "UNIQEXACT", "UNIQ"}
    | {
        "TODECIMAL64ORNULL",
        "TODATETIMEORNULL",
        "ASSUMENOTNULL",
        "TOTYPENAME",
        "COUNTIF",
        "SUMIF",
        "ISNAN",
        "ISINFINITE",
    }
)
"""Functions that compute from their arguments alone, of all dialects, which the parser has no class of its own for."""


def why_refused(sql: str, dialect: Dialect) -> Text | Filled | None:
    """Return why a text may not be asked as a query, None when it may."""
    try:
        statements = split(sql, dialect)
        code = tuple(tokens(sql, dialect))
    except (SplitError, UnfinishedSql):
        return UNREAD
    words = statements[0].words if statements else ()
    reasons = (
        (len(statements) != 1, NOT_ONE),
        (any(token.text.startswith(("/*!", "/*M!")) for token in code), EXECUTABLE),
        (words[:1] not in (("SELECT",), ("WITH",)), NO_QUERY),
        (bool({"INTO", "OUTFILE", "DUMPFILE"} & set(words)), ACTS),
    )
    found = next((reason for holds, reason in reasons if holds), None)
    return found or _read(statements[0].text, dialect)


def _read(sql: str, dialect: Dialect) -> Text | Filled | None:
    try:
        return _acts(sqlglot.parse_one(sql, dialect=parser_dialect(dialect)))
    except (sqlglot.errors.SqlglotError, RecursionError):
        return UNREAD


def _acts(tree: Any) -> Text | Filled | None:
    if not isinstance(tree, exp.Query):
        return NO_QUERY
    if tree.find(*(getattr(exp, name) for name in _ACTING if hasattr(exp, name))) is not None:
        return ACTS
    for function in tree.find_all(exp.Anonymous, exp.AnonymousAggFunc, exp.CombinedAggFunc, exp.ParameterizedAgg):
        name = str(function.name or function.this)
        qualified = isinstance(function.parent, exp.Dot)
        if qualified or name.upper() not in _PLAIN:
            return UNKNOWN_FUNCTION.filled(name=name)
    return None


def is_single_query(sql: str, dialect: Dialect) -> bool:
    """Tell whether a text is exactly one plain query (UPG-14)."""
    return why_refused(sql, dialect) is None


def leaves_its_place(text: str, dialect: Dialect) -> bool:
    """Tell whether a condition or an expression could reach beyond the parentheses that it is put into."""
    depth = 0
    try:
        for token in tokens(text, dialect):
            depth += (token.text == "(") - (token.text == ")") if token.kind is Kind.OTHER else 0
            if token.kind is Kind.COMMENT or token.text == ";" or token.text.startswith("/*") or depth < 0:
                return True
    except UnfinishedSql:
        return True
    return depth != 0


def why_no_condition(where: str, dialect: Dialect) -> Text | Filled | None:
    """Return why a text is not one condition of a WHERE, None when it is."""
    if leaves_its_place(where, dialect):
        return NOT_EXPRESSION
    return why_refused(f"SELECT 1 FROM t WHERE ({where})", dialect)  # noqa: S608 - it is parsed, not sent


def rendered(query: Any, connection: Any) -> str:
    """Return the text of a query for the gate, with names in the places of its values."""
    if isinstance(query, str):
        return query
    named = type(connection.dialect)(paramstyle="named")
    return str(query.compile(dialect=named, compile_kwargs={"render_postcompile": True}))
