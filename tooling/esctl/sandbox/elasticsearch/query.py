"""Elasticsearch's query language as SQL: a condition on `doc`, and where scores matter a relation of (doc, score)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from . import knn, scoring
from .analysis import analyze, search_analyzer
from .conditions import bound, equals, value_table, wildcard_regex
from .errors import ElasticsearchError, illegal, parsing, token, unknown_field, unparsed, unsupported, wrong_type
from .mapping import Body, Field
from .painless import find_script
from .searcher import Part, Searcher, query_failure, quoted

_BOOL = frozenset("must filter should must_not minimum_should_match boost adjust_pure_negative _name".split())
NONE, ALL = "FALSE", "TRUE"

_ELSEWHERE = frozenset(
    "boosting combined_fields dis_max distance_feature field_masking_span function_score fuzzy geo_bounding_box"
    " geo_distance geo_grid geo_polygon geo_shape has_child has_parent intervals match_bool_prefix match_phrase_prefix"
    " more_like_this multi_match nested parent_id percolate pinned query_string regexp rule script semantic shape"
    " simple_query_string span_containing span_first span_multi span_near span_not span_or span_term span_within"
    " sparse_vector text_expansion weighted_tokens wrapper type".split()
)


class Query:
    """One query over a searcher. `where` is used for what filters, `scores` for what ranks."""

    def __init__(self, searcher: Searcher, size: int = 10) -> None:
        self.searcher, self.size = searcher, size
        self._neighbours: dict[int, str] = {}

    def where(self, query: Any) -> str:
        """The condition; raises ElasticsearchError."""
        kind, body = _one(query)
        return getattr(self, f"_where_{kind}")(body)

    def scores(self, query: Any) -> str:
        """SELECT (doc, score) of the documents that match, one row each."""
        kind, body = _one(query)
        special: Callable[[Any], str] | None = getattr(self, f"_scores_{kind}", None)
        if special:
            return special(body)
        boost = _boost(body)
        return f"SELECT doc, {boost!r}::DOUBLE AS score FROM ({self.searcher.docs}) WHERE {self.where(query)}"

    # compound

    def _where_match_all(self, body: Body) -> str:
        _keys("match_all", body)
        for key in body:
            if key not in ("boost", "_name"):
                told = unknown_field("match_all", key)
                raise parsing(told.reason, cause=told)
        return ALL

    def _where_match_none(self, body: Body) -> str:
        return NONE

    def _where_constant_score(self, body: Body) -> str:
        _keys("constant_score", body, "filter boost _name")
        if "filter" not in body:
            raise parsing("[constant_score] requires a 'filter' element")
        return self.where(body["filter"])

    def _clauses(self, body: Body, name: str) -> list[Any]:
        clauses = body.get(name, [])
        if not isinstance(clauses, dict | list):
            raise wrong_type("bool", name, clauses)
        return clauses if isinstance(clauses, list) else [clauses]

    def _each(self, body: Body, name: str) -> list[str]:
        clauses = self._clauses(body, name)
        try:
            return [self.where(query) for query in clauses]
        except ElasticsearchError as error:
            if error.type in ("parsing_exception", "x_content_parse_exception"):
                raise unparsed("bool", name, error) from None
            raise

    def _where_bool(self, body: Body) -> str:
        for key in body if isinstance(body, dict) else ():
            if key not in _BOOL:
                raise unknown_field("bool", key)
        _keys("bool", body, "must filter should must_not minimum_should_match boost adjust_pure_negative _name")
        conditions = [condition for name in ("must", "filter") for condition in self._each(body, name)]
        conditions += [f"NOT ({condition})" for condition in self._each(body, "must_not")]
        should = self._each(body, "should")
        if should:
            needs = body.get("minimum_should_match")
            required = (
                _minimum(needs, len(should)) if needs is not None else (0 if "must" in body or "filter" in body else 1)
            )
            if required > len(should):
                return NONE
            if required == 1:
                conditions.append("(" + " OR ".join(f"({s})" for s in should) + ")")
            elif required > 1:
                conditions.append("(" + " + ".join(f"(({s})::INT)" for s in should) + f") >= {required}")
        return " AND ".join(f"({c})" for c in conditions if c != ALL) or ALL

    def _scores_bool(self, body: Body) -> str:
        where = self._where_bool(body)
        parts = [self.scores(q) for name in ("must", "should") for q in self._clauses(body, name)]
        # Every matching document, a filter alone gives it 0; then the sum of the clauses that it matches.
        parts.append(f"SELECT doc, 0::DOUBLE AS score FROM ({self.searcher.docs})")
        boost = _boost(body)
        union = " UNION ALL ".join(f"({p})" for p in parts)
        return f"SELECT doc, sum(score) * {boost!r} AS score FROM ({union}) WHERE {where} GROUP BY doc"

    # leaves

    def _fields(self, path: str) -> list[tuple[Part, Field]]:
        if self.searcher.nested(path):
            raise unsupported(f"queries on the nested field [{path}]")
        return self.searcher.fields(path)

    def _any(self, path: str, condition: Callable[[Part, Field], str | None]) -> str:
        """OR over the indices that have the field; `condition` is about `value` (or `term` of a text field)."""
        found = []
        for part, known in self._fields(path):
            said = condition(part, known)
            if said is None:
                continue
            table, column = value_table(part, known)
            if table:
                found.append(f"doc IN (SELECT doc FROM {table} WHERE {said.replace('{}', column)})")
        for part in self.searcher.parts:
            keyed = part.index.mapping.flattened_parent(path) if part.index.mapping.field(path) is None else None
            if keyed:
                said = condition(part, Field(path, "keyword", {"type": "keyword"}))
                table = part.columns.tables.get(f"{keyed[0].path}#keyed")
                if table and said:
                    said = said.replace("{}", "value")
                    found.append(f"doc IN (SELECT doc FROM {table} WHERE key = {quoted(keyed[1])} AND {said})")
        return " OR ".join(found) or NONE

    def _where_term(self, body: Body) -> str:
        path, options = _field(body, "term", "value", "value boost case_insensitive _name")
        value = options.get("value")
        if value is None:
            raise illegal("value cannot be null")
        if isinstance(value, (list, dict)):
            raise parsing("[term] query does not support array of values")
        if path == "_id":
            return self._where_ids({"values": [value]})
        if path == "_index":
            return self._index_is([value])
        return self._any(path, lambda part, known: equals(part, known, value, options.get("case_insensitive", False)))

    def _index_is(self, names: list[Any]) -> str:
        tables = [p.live for p in self.searcher.parts if p.index.name in names]
        return " OR ".join(f"doc IN (SELECT doc FROM {t})" for t in tables) or NONE

    def _scores_term(self, body: Body) -> str:
        path, options = _field(body, "term", "value", "value boost case_insensitive _name")
        return scoring.terms(self.searcher, path, [options.get("value")], _boost(options), self._where_term(body))

    def _where_terms(self, body: Body) -> str:
        rest = {k: v for k, v in body.items() if k not in ("boost", "_name")}
        if len(rest) > 1:
            raise parsing("[terms] query does not support multiple fields")
        if not rest:
            raise parsing(
                "[terms] query requires a field name, followed by array of terms or a document lookup specification"
            )
        path, values = next(iter(rest.items()))
        if not isinstance(values, list):
            if isinstance(values, dict):
                raise unsupported("terms lookup")
            raise parsing(f"[terms] query does not support [{path}]")
        if path == "_id":
            return self._where_ids({"values": values})
        if path == "_index":
            return self._index_is(values)

        def condition(part: Part, known: Field) -> str | None:
            said = [s for s in (equals(part, known, v, False) for v in values) if s]
            return "(" + " OR ".join(said) + ")" if said else None

        return self._any(path, condition)

    def _where_ids(self, body: Body) -> str:
        _keys("ids", body, "values boost _name")
        values = body.get("values", [])
        wanted = [str(v) for v in (values if isinstance(values, list) else [values])]
        docs = [str(p.columns.ids[i]) for p in self.searcher.parts for i in wanted if i in p.columns.ids]
        return f"doc IN ({', '.join(docs)})" if docs else NONE

    def _where_exists(self, body: Body) -> str:
        _keys("exists", body, "field boost _name")
        path = body.get("field")
        if not path:
            raise parsing("[exists] must be provided with a [field]")
        found = []
        for part in self.searcher.parts:
            mapping = part.index.mapping
            known = mapping.field(path)
            if path in ("_id", "_source", "_index"):
                found.append(f"doc IN (SELECT doc FROM {part.live})")
                continue
            below = [known] if known else list(mapping.below(path)) if path in mapping.objects else []
            for one in below:
                if one.type == "dense_vector":
                    docs, _ = self.searcher.columns.vectors(part.index, one.path)
                    found.append(f"doc IN ({', '.join(map(str, docs.tolist()))})" if len(docs) else NONE)
                    continue
                table, _ = value_table(part, one, "#lengths")
                if table:
                    found.append(f"doc IN (SELECT doc FROM {table})")
            keyed = mapping.flattened_parent(path) if known is None else None
            table = part.columns.tables.get(f"{keyed[0].path}#keyed") if keyed else None
            if keyed and table:
                found.append(f"doc IN (SELECT doc FROM {table} WHERE key = {quoted(keyed[1])})")
        return " OR ".join(found) or NONE

    def _where_range(self, body: Body) -> str:
        path, options = _field(
            body, "range", "", "gt gte lt lte from to include_lower include_upper format time_zone boost relation _name"
        )
        bounds = {k: options[k] for k in ("gt", "gte", "lt", "lte") if options.get(k) is not None}
        if options.get("from") is not None:
            bounds["gte" if options.get("include_lower", True) else "gt"] = options["from"]
        if options.get("to") is not None:
            bounds["lte" if options.get("include_upper", True) else "lt"] = options["to"]

        def condition(part: Part, known: Field) -> str | None:
            said = [bound(part, known, op, value, options, self.searcher.now) for op, value in bounds.items()]
            return " AND ".join(said) or "TRUE"

        return self._any(path, condition)

    def _where_prefix(self, body: Body) -> str:
        path, options = _field(body, "prefix", "value", "value boost case_insensitive rewrite _name")
        return self._pattern(path, str(options["value"]), lambda text: re.escape(text) + ".*", options, "prefix")

    def _where_wildcard(self, body: Body) -> str:
        path, options = _field(body, "wildcard", "value", "value wildcard boost case_insensitive rewrite _name")
        return self._pattern(
            path, str(options.get("value", options.get("wildcard"))), wildcard_regex, options, "wildcard"
        )

    def _pattern(self, path: str, text: str, to_regex: Callable[[str], str], options: Body, kind: str) -> str:
        flags = "is" if options.get("case_insensitive") else "s"

        def condition(part: Part, known: Field) -> str | None:
            if known.type not in ("keyword", "text", "flattened"):
                raise query_failure(
                    part,
                    f"Can only use {kind} queries on keyword, text and wildcard fields - not on [{path}] which is of"
                    f" type [{known.type}]",
                )
            return f"regexp_full_match({{}}, {quoted(to_regex(text))}, '{flags}')".replace("{}", "\0")

        return self._any(path, lambda p, k: (condition(p, k) or "").replace("{}", "{{}}").replace("\0", "{}"))

    def _match(self, body: Body, name: str, keys: str) -> tuple[str, Body]:
        return _field(body, name, "query", keys)

    _MATCH = (
        "query operator minimum_should_match analyzer lenient boost zero_terms_query"
        " auto_generate_synonyms_phrase_query _name fuzziness"
    )

    def _where_match(self, body: Body) -> str:
        path, options = self._match(body, "match", self._MATCH)
        for key in ("fuzziness", "analyzer"):
            if key in options:
                raise unsupported(f"[{key}] of match queries")
        text = options.get("query")
        if text is None:
            raise parsing("No text specified for text query")
        if isinstance(text, dict | list):
            raise illegal(f"Expected text at 1:1 but found {token(text)}")
        operator = str(options.get("operator", "or")).upper()
        if operator not in ("AND", "OR"):
            raise illegal(f"No enum constant org.elasticsearch.index.query.Operator.{operator}")

        def condition(part: Part, known: Field) -> str | None:
            if known.type != "text":
                try:
                    return equals(part, known, text, False)
                except ElasticsearchError:
                    if options.get("lenient"):
                        return None
                    raise
            return None

        found = [self._any(path, condition)]
        for part, known in self._fields(path):
            if known.type == "text":
                found.append(self._terms(part, known, str(text), options))
        return " OR ".join(f for f in found if f != NONE) or NONE

    def _terms(self, part: Part, known: Field, text: str, options: Body) -> str:
        terms = list(dict.fromkeys(t for t, _ in analyze(search_analyzer(known), text)))
        table = part.columns.tables.get(f"{known.path}#terms")
        if not terms:
            return f"doc IN (SELECT doc FROM {part.live})" if options.get("zero_terms_query") == "all" else NONE
        if not table:
            return NONE
        needed = len(terms) if str(options.get("operator", "or")).lower() == "and" else 1
        if "minimum_should_match" in options:
            needed = max(needed, _minimum(options["minimum_should_match"], len(terms)))
        listed = ", ".join(map(quoted, terms))
        return (
            f"doc IN (SELECT doc FROM {table} WHERE term IN ({listed}) GROUP BY doc HAVING count(DISTINCT term) >="
            f" {needed})"
        )

    def _scores_match(self, body: Body) -> str:
        path, options = self._match(body, "match", self._MATCH)
        where = self._where_match(body)
        return scoring.terms(self.searcher, path, [options.get("query")], _boost(options), where)

    def _where_match_phrase(self, body: Body) -> str:
        path, options = self._match(body, "match_phrase", "query slop analyzer boost zero_terms_query _name")
        if isinstance(options.get("slop"), int) and options["slop"] < 0:
            raise illegal("No negative slop allowed.")
        if options.get("slop"):
            raise unsupported("[slop] of match_phrase queries")
        text = options.get("query")
        found = [
            self._any(path, lambda part, known: None if known.type == "text" else equals(part, known, text, False))
        ]
        for part, known in self._fields(path):
            if known.type == "text":
                sql = scoring.phrase(part, known, str(text))
                found.append(f"doc IN (SELECT doc FROM ({sql}))" if sql else NONE)
        return " OR ".join(f for f in found if f != NONE) or NONE

    def _scores_match_phrase(self, body: Body) -> str:
        path, options = self._match(body, "match_phrase", "query slop analyzer boost zero_terms_query _name")
        where = self._where_match_phrase(body)
        return scoring.terms(self.searcher, path, [options.get("query")], _boost(options), where, phrases=True)

    def _where_rank_feature(self, body: Body) -> str:
        return f"doc IN (SELECT doc FROM ({self._scores_rank_feature(body)}))"

    def _scores_rank_feature(self, body: Body) -> str:
        _keys("rank_feature", body, "field saturation log sigmoid linear boost _name")
        return scoring.rank_feature(self.searcher, body)

    def _where_script_score(self, body: Body) -> str:
        _keys("script_score", body, "query script min_score boost _name")
        if isinstance(body.get("script"), str):
            raise ElasticsearchError(
                "x_content_parse_exception", "[1:1] [script_score] script doesn't support values of type: VALUE_STRING"
            )
        script, _ = find_script(body.get("script"))
        raise unsupported(f"the script [{script.name}] in script_score")

    def _where_knn(self, body: Body) -> str:
        return f"doc IN (SELECT doc FROM {self._knn(body)})"

    def _scores_knn(self, body: Body) -> str:
        return f"SELECT doc, score * {_boost(body)!r} AS score FROM {self._knn(body)}"

    def _knn(self, body: Body) -> str:
        # A query is asked for its condition and for its scores: the neighbours are looked up once.
        if id(body) not in self._neighbours:
            self._neighbours[id(body)] = knn.nearest(self.searcher, body, self.where, size=self.size)
        return self._neighbours[id(body)]


QUERIES = frozenset(name.removeprefix("_where_") for name in dir(Query) if name.startswith("_where_"))


def _one(query: Any) -> tuple[str, Any]:
    if not isinstance(query, dict):
        raise parsing("[_na] query malformed, must start with start_object")
    if not query:
        raise illegal("query malformed, empty clause found at [1:1]")
    kind, body = next(iter(query.items()))
    if kind not in QUERIES:
        if kind in _ELSEWHERE:
            raise unsupported(f"the query [{kind}]")
        cause = {"type": "named_object_not_found_exception", "reason": f"[1:1] unknown field [{kind}]"}
        raise parsing(f"unknown query [{kind}]", cause=cause)
    if len(query) > 1:
        raise parsing(f"[{kind}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]")
    return kind, body


def _keys(name: str, body: Any, allowed: str | None = None) -> None:
    """Raises for a body that is none, and for a key that is not `allowed` (None: all are)."""
    if not isinstance(body, dict):
        raise parsing(f"[{name}] query malformed, no start_object after query name")
    for key in body:
        if allowed is not None and key not in allowed.split():
            raise parsing(f"[{name}] query does not support [{key}]")


def _field(body: Any, name: str, short: str, allowed: str) -> tuple[str, Body]:
    """`{field: value}` or `{field: {options}}`."""
    rest = (
        {k: v for k, v in body.items() if k not in ("boost", "_name") or isinstance(v, dict)}
        if isinstance(body, dict)
        else {}
    )
    if len(rest) != 1:
        if len(rest) > 1:
            first, second = list(rest)[:2]
            raise parsing(f"[{name}] query doesn't support multiple fields, found [{first}] and [{second}]")
        if body == {} and name != "match":
            raise illegal("field name is null or empty")
        raise parsing(f"[{name}] query malformed, no start_object after query name")
    path, options = next(iter(rest.items()))
    if not isinstance(options, dict):
        if not short:
            raise parsing(f"[{name}] query does not support [{path}]")
        options = {short: options}
    for key in options:
        if key not in allowed.split():
            raise parsing(f"[{name}] query does not support [{key}]")
    return path, {**{k: body[k] for k in ("boost",) if k in body and k != path}, **options}


def _boost(body: Any) -> float:
    return float(body.get("boost", 1.0)) if isinstance(body, dict) else 1.0


def _minimum(text: Any, count: int) -> int:
    """`minimum_should_match`: a number or a percentage, negative from the end."""
    match = re.fullmatch(r"(-?\d+)(%?)", str(text).strip())
    if not match:
        raise unsupported(f"[minimum_should_match: {text}]")
    number = int(match[1])
    if match[2]:
        part = math.floor(count * abs(number) / 100)
        number = part if number >= 0 else -part
    return max(0, count + number if number < 0 else number)
