"""The Vega macros in a browser: pages, images that open, zoom, brush, pan, reset, and every filter.

The gallery and the scatter plot are the dashboard's own; beside them small multiples, and a gallery of 5,000 images.
"""

from __future__ import annotations

import pytest
from plain_vega import answer
from test_vega_macros import made
from vega_page import vega_page

pytestmark = pytest.mark.browser
LEFT, RIGHT, ESCAPE = "\ue012", "\ue014", "\ue00c"  # WebDriver's names of keys


@pytest.fixture(scope="module")
def page(panels, rows, tmp_path_factory):
    sizes = {"scatter": (700, 400), "gallery": (830, 630)}
    shown = {}
    for name, size in sizes.items():
        spec = panels[name]["config"]["spec"]["value"]
        shown[name] = (spec, answer(spec["data"][0], rows), size)
    spread = made('small_multiples("image_data", "cluster", "distance", "cluster", numbered=true, interval=0.25)')
    shown["spread"] = (spread, answer(spread["data"][0], rows), (900, 300))
    many = [{"_source": {"file_name": f"{n}.jpg", "cluster": n % 10, "distance": n}} for n in range(5000)]
    gallery = made('gallery("image_data")')
    shown["many"] = (gallery, answer(gallery["data"][0], many), (830, 500))
    with vega_page(tmp_path_factory.mktemp("vega"), shown) as page:
        yield page


@pytest.fixture(autouse=True)
def _nothing_asked_and_nothing_said(page):
    page.filters()
    yield
    assert page.said() == []


def test_the_arrows_and_the_track_turn_the_pages(page):
    width, height = page.signal("gallery", "width"), page.signal("gallery", "height")
    assert (page.signal("gallery", "pages"), page.signal("gallery", "per_page")) == (4, 24)
    seen = []
    for arrow in ("previous", "next", "next", "next", "next", "previous"):
        page.click("gallery", arrow)
        seen.append(page.signal("gallery", "page"))
    assert seen == [0, 1, 2, 3, 3, 2]
    page.at("gallery", width / 2 - 30, height - 5).click().perform()
    page.settle("gallery")
    assert page.signal("gallery", "page") == 0
    page.at("gallery", width / 2 - 30, height - 5).click_and_hold().move_by_offset(40, 0).release().perform()
    page.settle("gallery")
    assert page.signal("gallery", "page") == 2
    page.at("gallery", width / 2 - 40, height - 5).click().perform()
    page.settle("gallery")


def test_a_click_opens_an_image_and_what_closes_it(page):
    width, height = page.signal("gallery", "width"), page.signal("gallery", "height")
    for close in ("a click", "the cross", "Escape"):
        image = page.click("gallery", "frames", 7)
        (opened,) = page.data("gallery", "opened")
        assert opened["file"] == image["file"]
        if close == "a click":
            page.at("gallery", width / 2, height / 2).click().perform()
            page.settle("gallery")
        elif close == "the cross":
            page.click("gallery", "close")
        else:
            page.key("gallery", ESCAPE)
        assert (page.signal("gallery", "large"), page.data("gallery", "opened")) == (0, [])
    page.key("gallery", RIGHT)
    assert page.signal("gallery", "large") == 0  # keys are somebody else's while nothing is open
    assert page.filters() == []


def test_the_arrows_go_from_image_to_image_over_the_pages(page):
    on_page = page.signal("gallery", "on_page")
    order = [image["file"] for image in page.data("gallery", "ordered")]
    page.click("gallery", "frames", on_page - 1)
    seen = [page.data("gallery", "opened")[0]["file"]]
    for step in ("later", RIGHT, LEFT, "earlier"):
        page.key("gallery", step) if len(step) == 1 else page.click("gallery", step)
        seen.append(page.data("gallery", "opened")[0]["file"])
        if step == RIGHT:
            assert page.signal("gallery", "page") == 1
    assert seen == [order[on_page - 1 + step] for step in (0, 1, 2, 1, 0)]
    page.key("gallery", ESCAPE)
    assert page.signal("gallery", "page") == 0


def test_a_click_on_the_name_of_a_cluster_or_on_a_dot_filters(page):
    clusters = [page.click("gallery", "labels", 7)["group"], page.click("gallery", "chips", 3)["group"]]
    page.click("gallery", "frames", 11)
    clusters.append(page.click("gallery", "large_label")["group"])
    page.key("gallery", ESCAPE)
    dot = page.driver.execute_script(
        "const v = views.scatter, d = v.data('points')[3]; return {...d, at: [v.scale('x')(d.x), v.scale('y')(d.y)]}"
    )
    page.at("scatter", *dot["at"]).click().perform()
    page.settle("scatter")
    clusters.append(dot["group"])
    assert page.filters() == [
        [{"match_phrase": {"cluster": cluster}}, "image_data", f"cluster: {cluster}"] for cluster in clusters
    ]


def test_a_click_in_the_legend_filters(page):
    width = page.signal("scatter", "width")
    box = page.driver.execute_script(
        "const walk = (m) => m.name === 'keys' ? m : (m.items || []).flatMap((i) => i.items || [])"
        ".map(walk).find(Boolean); const legend = walk(views.scatter.scenegraph().root); let x = 0, y = 0;"
        "for (let at = legend.group; at; at = at.mark && at.mark.group) { x += at.x || 0; y += at.y || 0; }"
        "return [x + legend.items[0].x + 4, y + legend.items[0].y, legend.items[0].datum.value]"
    )
    assert box[0] > width
    page.at("scatter", box[0], box[1]).click().perform()
    page.settle("scatter")
    assert page.filters() == [[{"match_phrase": {"cluster": box[2]}}, "image_data", f"cluster: {box[2]}"]]


def test_an_area_filters_once_by_what_lies_in_it(page):
    page.at("scatter", 150, 80).click_and_hold().move_by_offset(120, 90).move_by_offset(40, 30).perform()
    page.settle("scatter")
    (marked,) = page.data("scatter", "marked")
    page.at("scatter", 310, 200).release().perform()
    page.settle("scatter")
    (asked,) = page.filters()
    (x, y), index, alias = asked[0]["bool"]["filter"], asked[1], asked[2]
    assert (index, alias) == ("image_data", "an area of images")
    inside = [
        point
        for point in page.data("scatter", "points")
        if x["range"]["x"]["gte"] <= point["x"] <= x["range"]["x"]["lte"]
        and y["range"]["y"]["gte"] <= point["y"] <= y["range"]["y"]["lte"]
    ]
    assert len(inside) == marked["n"] > 3
    # Another release of the button, and an area given up, ask for nothing.
    page.at("gallery", 700, 600).click().perform()
    page.at("scatter", 350, 80).click_and_hold().move_by_offset(90, 90).perform()
    page.settle("scatter")
    assert page.signal("scatter", "wide") is True
    page.key("scatter", ESCAPE)
    page.at("scatter", 400, 300).release().perform()
    page.settle("scatter")
    assert page.filters() == [] and page.signal("scatter", "wide") is False


def test_a_small_chart_filters_by_its_cluster_and_a_bar_by_its_range_too(page):
    assert page.click("spread", "titles", 4)["group"] == 4
    bar = page.click("spread", "bins", 2)
    assert bar["n"] > 0 and bar["from"] == 0.5
    found, index, alias = page.filters()[1]
    assert found["bool"]["filter"] == [
        {"match_phrase": {"cluster": bar["group"]}},
        {"range": {"distance": {"gte": 0.5, "lt": 0.75}}},
    ]
    assert (index, alias) == ("image_data", f"cluster {bar['group']}, distance 0.5 – 0.75")


def test_each_of_5000_images_is_on_one_page(page):
    assert page.signal("many", "count") == 5000
    order, on_page = page.data("many", "ordered"), page.signal("many", "on_page")
    assert sorted(int(image["file"][:-4]) for image in order) == list(range(5000))
    assert page.signal("many", "pages") == 5000 // on_page
    width, height = page.signal("many", "width"), page.signal("many", "height")
    page.at("many", width / 2 + 45, height - 5).click().perform()
    page.settle("many")
    number = page.signal("many", "page")
    assert number > 0.95 * page.signal("many", "pages")
    shown = [image["file"] for image in page.data("many", "shown")]
    assert shown == [image["file"] for image in order[number * on_page : (number + 1) * on_page]]


def test_pan_zoom_and_reset(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    canvas = page.driver.find_element(By.CSS_SELECTOR, "#scatter canvas")
    whole = page.signal("scatter", "shown_x")
    ActionChains(page.driver).key_down(Keys.SHIFT).perform()
    page.at("scatter", 300, 200).click_and_hold().move_by_offset(60, 0).release().perform()
    ActionChains(page.driver).key_up(Keys.SHIFT).perform()
    page.settle("scatter")
    panned = page.signal("scatter", "shown_x")
    assert panned[0] < whole[0] and panned[1] - panned[0] == pytest.approx(whole[1] - whole[0])
    assert page.signal("scatter", "wide") is False
    ActionChains(page.driver).scroll_from_origin(ScrollOrigin.from_element(canvas), 0, -300).perform()
    page.settle("scatter")
    zoomed = page.signal("scatter", "shown_x")
    assert 0.5 < (zoomed[1] - zoomed[0]) / (whole[1] - whole[0]) < 0.9
    ActionChains(page.driver).double_click(canvas).perform()
    page.settle("scatter")
    assert page.signal("scatter", "shown_x") == whole
    ActionChains(page.driver).scroll_from_origin(ScrollOrigin.from_element(canvas), 0, -300).perform()
    page.settle("scatter")
    page.at("scatter", page.signal("scatter", "width") - 20, 8).click().perform()
    page.settle("scatter")
    assert page.signal("scatter", "shown_x") == whole
    assert page.filters() == []
