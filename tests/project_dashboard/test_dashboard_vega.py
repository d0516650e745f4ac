"""The two Vega panels, drawn by Vega itself; and the palette that all panels share."""

from __future__ import annotations

import base64
import itertools
import json
import re

import pytest

from esctl.errors import ProjectError


def vega(panels, id_):
    return panels[id_]["config"]["spec"]["value"]


def palette(panels):
    (scale,) = (scale for scale in vega(panels, "gallery")["scales"] if scale["name"] == "colour")
    return scale["range"]


def mappings(value):
    """Every colour mapping below `value`, as {cluster: colour}."""
    if isinstance(value, dict):
        if "mapping" in value:
            yield {v: entry["color"]["value"] for entry in value["mapping"] for v in entry["values"]}
        for inner in value.values():
            yield from mappings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mappings(inner)


def test_a_cluster_has_one_colour_everywhere(dashboard, panels):
    grey, *colours = palette(panels)
    scatter = next(scale for scale in vega(panels, "scatter")["scales"] if scale["name"] == "colour")
    assert scatter == next(scale for scale in vega(panels, "gallery")["scales"] if scale["name"] == "colour")
    assert scatter["domain"] == {"signal": f"sequence(-1, {len(colours)})"}
    lens = list(mappings(dashboard))
    assert len(lens) == 4  # pie, two bar charts, table
    for mapping in lens:
        assert mapping == {-1: grey} | dict(enumerate(colours))
    assert lens[0][3] == colours[3]


def channels(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(colour):
    """Relative luminance as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_palette_is_wide_and_can_be_read_on_light_and_dark(panels):
    colours = list(dict.fromkeys(palette(panels)[1:]))
    assert len(colours) == 24
    assert min(contrast(colour, "#ffffff") for colour in colours) >= 2.5
    assert min(contrast(colour, "#1d1e24") for colour in colours) >= 3.4
    apart = [
        sum((a - b) ** 2 for a, b in zip(channels(x), channels(y), strict=True)) ** 0.5
        for x, y in itertools.combinations(colours, 2)
    ]
    assert min(apart) > 0.1


@pytest.mark.parametrize("id_", ["scatter", "gallery"])
def test_specs_are_v5_and_use_what_stock_vega_has(panels, id_):
    spec = vega(panels, id_)
    assert spec["$schema"] == "https://vega.github.io/schema/vega/v5.json"
    text = json.dumps(spec)
    assert "atob" not in text and "encodeURI" not in text
    (source,) = (source for source in spec["data"] if "url" in source)
    assert source["url"]["%context%"] is True and source["url"]["index"] == "image_data"
    assert "query" not in source["url"]["body"]  # Kibana refuses one beside %context%
    assert source["format"] == {"property": "hits"}
    assert "kibanaAddFilter(" in text


def test_pixels_are_the_thumbnails_bytes(panels, rows, picture, svg):
    spec = vega(panels, "gallery")
    drawn = svg(spec)
    assert drawn.count('fill="rgb(') == 20 * 576  # two of each of ten clusters
    first = base64.b64decode(rows[0]["_source"]["thumbnail"])
    wanted = [f"rgb({first[i]}, {first[i + 1]}, {first[i + 2]})" for i in range(0, 1728, 3)]
    assert re.findall(r'fill="(rgb\([^"]*\))"', drawn)[:576] == wanted

    # The same on a canvas: the middle of each dot has its colour (those at the rim lie below the frame).
    left, top = map(int, re.search(r'<path d="M(\d+),(\d+)h4.4v4.4h-4.4Z" fill="rgb', drawn).groups())
    ground = list(map(int, re.search(r'<g fill="none"[^>]*translate\((\d+),(\d+)\)', drawn).groups()))
    image = picture(spec)
    for i in range(576):
        row, column = divmod(i, 24)
        if 0 < row < 23 and 0 < column < 23:
            at = (ground[0] + left + 4 * column + 2, ground[1] + top + 4 * row + 2)
            assert image.getpixel(at) == tuple(first[3 * i : 3 * i + 3])


def test_names_and_clusters_stand_below(panels, rows, svg):
    drawn = svg(vega(panels, "gallery"))
    texts = re.findall(r'<text[^>]*fill="([^"]*)"[^>]*>([^<]*)</text>', drawn)
    colours = dict(enumerate(palette(panels)[1:]))
    by_cluster = {}
    for hit in sorted(rows, key=lambda hit: hit["_source"]["distance"]):
        by_cluster.setdefault(hit["_source"]["cluster"], []).append(hit["_source"])
    for source in (source for nearest in by_cluster.values() for source in nearest[:2]):
        assert source["file_name"] in [text for _, text in texts]
        assert (colours[source["cluster"]], f"cluster {source['cluster']}") in texts
    assert "page 1 of 4" in drawn


def test_a_name_is_the_last_two_parts_of_the_path_and_loses_its_front_where_it_is_too_long(panels, rows, svg):
    def drawn(name, width=830):
        hit = rows[0] | {"_source": rows[0]["_source"] | {"file_name": name}}
        return re.findall(r"<text[^>]*>([^<]*\.jpg)</text>", svg(vega(panels, "gallery"), [hit], size=(width, 630)))

    assert drawn("046.jpg") == ["046.jpg"]
    assert drawn("of my/holidays/astronaut/046.jpg") == ["astronaut/046.jpg"]
    (cut,) = drawn("of my/holidays/photographs of an astronaut/046.jpg", 590)
    assert cut.startswith("…") and cut.endswith("astronaut/046.jpg"[-9:])
    assert "photographs of an astronaut/046.jpg".endswith(cut[1:])


@pytest.mark.parametrize(
    ("sizes", "pages"),
    [([20] * 3, [24, 24, 12]), ([20] * 7, [21] * 6 + [14]), ([20] * 10, [20] * 10), ([2] * 24, [24, 24]),
     ([2] * 30, [24, 24, 12]), ([40, 3, 1, 2, 1], [20, 20, 7])],
    ids=str,
)  # fmt: skip
def test_pages_stay_full_whatever_the_sizes_of_the_clusters(panels, rows, svg, sizes, pages):
    """Each page holds the nearest images that no page before it held, and as many of each cluster as there are."""
    hits = [
        rows[n % 5] | {"_source": rows[n % 5]["_source"] | {"cluster": cluster, "file_name": f"{cluster}/{n}.jpg"}}
        for cluster, size in enumerate(sizes)
        for n in range(size)
    ]
    spec, seen = json.loads(json.dumps(vega(panels, "gallery"))), []
    (page,) = (signal for signal in spec["signals"] if signal["name"] == "page")
    for number, expected in enumerate(pages):
        page["value"] = number
        drawn = svg(spec, hits)
        names = re.findall(r">(\d+/\d+\.jpg)</text>", drawn)
        assert len(names) == expected and f"page {number + 1} of {len(pages)}<" in drawn
        clusters = [int(name.split("/")[0]) for name in names]
        assert clusters == sorted(clusters)
        seen += names
    assert len(seen) == len(set(seen)) == sum(sizes)


@pytest.mark.parametrize("size", [(830, 630), (400, 300), (1400, 900), (200, 160)])
def test_a_page_holds_at_most_24_images_and_stays_inside(panels, svg, size):
    drawn = svg(vega(panels, "gallery"), size=size)
    shown = len(re.findall(r">cluster \d+</text>", drawn))
    assert 1 <= shown <= 24
    assert shown == 20 or size[0] < 830


def test_a_page_of_one_cluster_is_full_and_many_clusters_follow_each_other(panels, rows, svg):
    def drawn(hits):
        return svg(vega(panels, "gallery"), hits)

    one = [hit | {"_source": hit["_source"] | {"cluster": 3}} for hit in rows]
    assert drawn(one).count(">cluster 3</text>") == 24 and "page 1 of 3" in drawn(one)
    many = [hit | {"_source": hit["_source"] | {"cluster": n}} for n, hit in enumerate(rows)]
    assert re.findall(r">cluster (\d+)</text>", drawn(many)) == [str(n) for n in range(24)]


def test_a_thumbnail_of_another_size_is_not_drawn(panels, rows, svg):
    broken = [hit | {"_source": hit["_source"] | {"thumbnail": "AAAA"}} for hit in rows[:2]]
    without = [hit | {"_source": {k: v for k, v in hit["_source"].items() if k != "thumbnail"}} for hit in rows[2:4]]
    drawn = svg(vega(panels, "gallery"), [*broken, *without, rows[4]])
    assert drawn.count('fill="rgb(') == 576 and len(re.findall(r">cluster \d+</text>", drawn)) == 5


@pytest.mark.parametrize("id_", ["scatter", "gallery"])
def test_without_rows_there_is_a_word_about_it(panels, svg, id_):
    drawn = svg(vega(panels, id_), [])
    assert "No images match the filters" in drawn and "NaN" not in drawn


def test_one_row_is_drawn(panels, rows, svg):
    drawn = svg(vega(panels, "scatter"), rows[:1])
    assert "NaN" not in drawn and drawn.count(palette(panels)[1]) >= 2  # the dot and the legend


def test_the_scatter_plot_has_a_dot_per_image_and_a_legend_of_its_clusters(panels, rows, svg):
    drawn = svg(vega(panels, "scatter"))
    for cluster, colour in enumerate(palette(panels)[1:11]):
        members = sum(hit["_source"]["cluster"] == cluster for hit in rows)
        assert len(re.findall(rf'fill="{colour}"', drawn)) == members + 1
    assert palette(panels)[11] not in drawn


def test_images_over_http_have_encoded_addresses(render, rows, svg):
    spec = render(gallery="http", image_url="http://images.example/photos")["dashboard/image-recognition"]
    (gallery,) = (panel for panel in spec["panels"] if panel["id"] == "gallery")
    text = json.dumps(gallery)
    assert "thumbnail" not in text
    odd = rows[0] | {"_source": rows[0]["_source"] | {"file_name": "a b/50% #1? é\\x.jpg"}}
    # Vega writes only the addresses that it may load: one that cannot be read is left empty, so look at the data.
    spec = gallery["config"]["spec"]["value"]
    mark, large = (mark for mark in spec["marks"] if mark["type"] == "image")
    assert mark["encode"]["update"]["url"] == large["encode"]["update"]["url"]
    spec["marks"] = [
        {"type": "text", "from": {"data": "shown"}, "encode": {"update": {"text": mark["encode"]["update"]["url"]}}}
    ]
    assert ">http://images.example/photos/a%20b/50%25%20%231%3F%20é%5Cx.jpg<" in svg(spec, [odd])


def test_another_form_of_gallery_is_refused(render):
    with pytest.raises(ProjectError) as refused:
        render(gallery="pictures")
    told = 'templates/gallery.vega.j2:13: template: "pictures" of a gallery is "pictures"; it can be "pixels" or "http"'
    assert str(refused.value) == told
