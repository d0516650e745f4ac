"""A dashboard or one chart → a picture: every panel asked for and drawn, then laid out as SVG, PNG or HTML."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from ..errors import EsctlError
from .asking import Ask, answered
from .controls import dashboard_scope
from .dashboard import Dashboard, Panel
from .filters import Scope
from .panel import panel_chart
from .picture.dashboard import Options, dashboard_svg, laid_out, panel_svg
from .picture.page import dashboard_page, panel_page
from .picture.panel import Drawn

Format = Literal["png", "svg", "html"]
_AT_ONCE = 8


def drawn_panels(dashboard: Dashboard, ask: Ask, *, expand: bool = False) -> list[Drawn]:
    """Every panel that has a place, side by side; what cannot be answered stands in its panel as `problem`."""
    scope = dashboard_scope(dashboard)
    places, _, _ = laid_out(dashboard, 1000.0, 0.0, expand=expand)
    shown = [panel for panel in dashboard.panels if panel.id in places]
    if not shown:
        return []
    with ThreadPoolExecutor(min(len(shown), _AT_ONCE)) as pool:
        return list(pool.map(lambda panel: drawn_panel(panel, dashboard, scope, ask), shown))


def drawn_panel(panel: Panel, dashboard: Dashboard, scope: Scope, ask: Ask) -> Drawn:
    """One panel; whatever is wrong with it stands in it."""
    if panel.problem:
        return Drawn(panel, None, panel.problem)
    try:
        return Drawn(panel, answered(panel_chart(panel, dashboard, scope), ask))
    except EsctlError as error:
        return Drawn(panel, None, str(error))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # One panel that holds what nobody thought of must not take the others with it.
        return Drawn(panel, None, f"{type(error).__name__}: {error} (a fault of esctl)")


def dashboard_picture(
    dashboard: Dashboard, panels: list[Drawn], kind: Format, options: Options, *, scale: float = 1.0
) -> bytes:
    """The file's content."""
    if kind == "html":
        return dashboard_page(dashboard, panels, options).encode()
    return _bytes(dashboard_svg(dashboard, panels, options), kind, scale)


def panel_picture(drawn: Drawn, kind: Format, size: tuple[int, int], options: Options, *, scale: float = 1.0) -> bytes:
    """One panel alone, of `size` pixels."""
    if kind == "html":
        return panel_page(drawn, *size, options).encode()
    return _bytes(panel_svg(drawn, *size, options), kind, scale)


def warm_up() -> None:
    """Start the renderer, which takes a second: meanwhile the servers can be asked."""
    from threading import Thread

    def draw_nothing() -> None:
        import vl_convert

        vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "bar"})

    Thread(target=draw_nothing, daemon=True).start()


def _bytes(svg: str, kind: Format, scale: float) -> bytes:
    if kind == "svg":
        return svg.encode()
    import vl_convert

    try:
        content: bytes = vl_convert.svg_to_png(svg, scale=scale)
    except ValueError as error:
        raise EsctlError(f"the picture cannot be made: {str(error).splitlines()[0]}") from None
    return content
