"""The computations of data frame analytics, by scikit-learn; imported when one runs."""

from __future__ import annotations

from typing import Any

import numpy as np

Table = list[list[Any]]
Result = dict[str, Any]


def outliers(table: Table, names: list[str], options: Result) -> list[Result]:
    """`outlier_score` from 0 to 1, and which features make it: distances to neighbours, several methods together."""
    data = np.asarray([[float(value) for value in row] for row in table])
    if options["standardization_enabled"]:
        spread = data.std(axis=0)
        data = (data - data.mean(axis=0)) / np.where(spread > 0, spread, 1)
    count = len(data)
    if count < 3:
        return [{"outlier_score": 0.0} for _ in table]
    neighbours = min(int(options.get("n_neighbors") or max(2, min(20, count // 2))), count - 1)
    raw, near = _distances(data, neighbours, options.get("method"))
    scores = _as_probability(raw, options["outlier_fraction"])
    results: list[Result] = [{"outlier_score": float(score)} for score in scores]
    if options["compute_feature_influence"]:
        least = options.get("feature_influence_threshold", 0.1)
        for place, result in enumerate(results):
            if result["outlier_score"] < least:
                continue
            apart = np.abs(data[place] - data[near[place]].mean(axis=0))
            shares = apart / apart.sum() if apart.sum() > 0 else np.zeros(len(names))
            told = zip(names, shares, strict=True)
            result["feature_influence"] = [{"feature_name": name, "influence": float(share)} for name, share in told]
    return results


def _distances(data: Any, neighbours: int, method: str | None) -> tuple[Any, Any]:
    """How far each row is out (median 1 each method, then their mean), and its neighbours."""
    from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

    distances, near = NearestNeighbors(n_neighbors=neighbours).fit(data).kneighbors()
    found = []
    if method in (None, "ensemble", "lof"):
        found.append(-LocalOutlierFactor(n_neighbors=neighbours).fit(data).negative_outlier_factor_)
    if method in (None, "ensemble", "distance_knn"):
        found.append(distances.mean(axis=1))
    if method in (None, "ensemble", "distance_kth_nn"):
        found.append(distances[:, -1])
    if method in (None, "ensemble", "ldof"):
        inner = np.array([_inner(data[places]) for places in near])
        found.append(distances.mean(axis=1) / np.where(inner > 0, inner, 1))
    scaled = [one / (np.median(one) or 1) for one in found]
    return np.mean(scaled, axis=0), near


def _inner(points: Any) -> float:
    """The mean distance between some points."""
    if len(points) < 2:
        return 0.0
    apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    return float(apart.sum() / (len(points) * (len(points) - 1)))


def _as_probability(raw: Any, fraction: float) -> Any:
    """Half where the expected fraction of outliers begins, steeper the less the rest spreads."""
    border = np.quantile(raw, 1 - fraction)
    spread = 1.4826 * np.median(np.abs(raw - np.median(raw))) or 1e-9
    return 1 / (1 + np.exp(-np.clip((raw - border - spread) / spread, -50, 50)))


def predictions(kind: str, table: Table, wanted: list[Any], categorical: list[bool], options: Result) -> list[Result]:
    """A prediction for each row, learned from `training_percent` of those that have the dependent variable."""
    data = _encoded(table, categorical)
    known = np.array([value is not None for value in wanted])
    draw = np.random.default_rng(int(options["randomize_seed"]) % (1 << 32)).random(len(wanted))
    training = known & (draw * 100 < float(options["training_percent"]))
    if not training.any():
        training = known
    estimator = _estimator(kind, int(training.sum()), categorical, options)
    if kind == "regression":
        estimator.fit(data[training], [float(value) for value in np.array(wanted, dtype=object)[training]])
        told = estimator.predict(data)
        name = options["prediction_field_name"]
        return [{name: float(one), "is_training": bool(t)} for one, t in zip(told, training, strict=True)]
    estimator.fit(data[training], [_label(value) for value in np.array(wanted, dtype=object)[training]])
    chances = estimator.predict_proba(data)
    return [_classified(estimator.classes_, row, bool(t), options) for row, t in zip(chances, training, strict=True)]


def _label(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _classified(classes: Any, chances: Any, training: bool, options: Result) -> Result:
    order = np.argsort(-chances, kind="stable")
    most = int(options["num_top_classes"])
    best = order[0]
    top = [
        {"class_name": str(classes[n]), "class_probability": float(chances[n]), "class_score": float(chances[n])}
        for n in (order if most < 0 else order[:most])
    ]
    result: Result = {
        options["prediction_field_name"]: str(classes[best]),
        "prediction_probability": float(chances[best]),
        "prediction_score": float(chances[best]),
        "is_training": training,
    }
    return {**result, "top_classes": top} if top else result


def _encoded(table: Table, categorical: list[bool]) -> Any:
    """Numbers as they are, categories numbered by how often they come (254 at most), nothing as NaN."""
    columns = []
    for values, category in zip(zip(*table, strict=True), categorical, strict=True):
        if not category:
            columns.append([float(value) if value is not None else float("nan") for value in values])
            continue
        counted: dict[str, int] = {}
        for value in values:
            if value is not None:
                counted[_label(value)] = counted.get(_label(value), 0) + 1
        numbers = {name: n for n, name in enumerate(sorted(counted, key=lambda name: (-counted[name], name))[:254])}
        columns.append([float(numbers.get(_label(v), 254)) if v is not None else float("nan") for v in values])
    return np.asarray(columns, dtype=float).T


def _estimator(kind: str, count: int, categorical: list[bool], options: Result) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    made = HistGradientBoostingRegressor if kind == "regression" else HistGradientBoostingClassifier
    return made(
        learning_rate=float(options.get("eta") or 0.1),
        max_iter=int(options.get("max_trees") or 100),
        l2_regularization=float(options.get("lambda") or 0.0),
        min_samples_leaf=max(2, min(20, count // 10)),
        categorical_features=categorical,
        random_state=int(options["randomize_seed"]) % (1 << 32),
    )
