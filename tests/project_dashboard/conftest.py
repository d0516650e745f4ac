"""The project's own dashboard, rendered as `esctl render` does, and rows to draw it with."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from loaded_dashboard import rendered
from plain_vega import drawable


@pytest.fixture(scope="session")
def render() -> Callable[..., dict[str, dict[str, Any]]]:
    """Variables → the specs of the project's resources by address."""
    return rendered


@pytest.fixture(scope="session")
def dashboard(render) -> dict[str, Any]:
    return render()["dashboard/image-recognition"]


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """Hits of `image_data`: crops of photographs that scikit-image ships, 62 in ten clusters."""
    import numpy as np
    from PIL import Image
    from skimage import data

    random = np.random.default_rng(1)
    photographs = [data.astronaut(), data.coffee(), data.chelsea(), data.camera(), data.brick()]
    hits = []
    for place in range(62):
        photograph = photographs[place % 5]
        side = int(min(photograph.shape[:2]) * random.uniform(0.4, 0.8))
        top, left = (int(random.integers(0, n - side)) for n in photograph.shape[:2])
        crop = Image.fromarray(photograph[top : top + side, left : left + side]).convert("RGB").resize((24, 24))
        source = {
            "file_name": f"source {place % 5}/crop #{place:02d}.jpg",
            "cluster": place % 10,
            "x": float(random.normal()),
            "y": float(random.normal()),
            "distance": float(random.uniform(0.1, 0.6)),
            "silhouette_simplified": float(random.uniform(0, 0.7)),
            "thumbnail": base64.b64encode(crop.tobytes()).decode(),
        }
        hits.append({"_id": str(place), "_source": source})
    return sorted(hits, key=lambda hit: (hit["_source"]["cluster"], hit["_source"]["distance"]))


@pytest.fixture(scope="session")
def panels(dashboard) -> dict[str, dict[str, Any]]:
    return {panel["id"]: panel for panel in dashboard["panels"]}


@pytest.fixture(scope="session")
def picture(rows) -> Callable[..., Any]:
    """(spec, hits, width, height) → a Pillow image, drawn by Vega itself."""

    def picture(spec: dict[str, Any], hits: list[dict[str, Any]] | None = None, size=(830, 630)) -> Any:
        import vl_convert
        from PIL import Image

        content = vl_convert.vega_to_png(drawable(spec, rows if hits is None else hits, *size))
        return Image.open(io.BytesIO(content)).convert("RGB")

    return picture


@pytest.fixture(scope="session")
def svg(rows) -> Callable[..., str]:
    def svg(spec: dict[str, Any], hits: list[dict[str, Any]] | None = None, size=(830, 630)) -> str:
        import vl_convert

        return str(vl_convert.vega_to_svg(drawable(spec, rows if hits is None else hits, *size)))

    return svg
