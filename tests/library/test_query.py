"""The filter language, sorting, grouping and the tree of branches."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from tests.small import SMALL
from wgan_core.library.entry import Entry, Measured
from wgan_core.library.fields import FieldError, differing, field, sorted_by
from wgan_core.library.groups import ALL_BUT_SEED, grouped, grouping, tree
from wgan_core.library.labels import Labels
from wgan_core.library.query import FilterError, matching, parse


def run(name: str = "a", *, settings: dict[str, Any] | None = None, sliced: float | None = None, **more: Any) -> Entry:
    """An entry with these settings besides the small ones."""
    config = SMALL.replace(**(settings or {}))
    measures = {"sliced-w1": Measured(sliced, 100, 0.05, 0.01, sliced, 80)} if sliced is not None else {}
    values = {"run_id": name, "own_title": name, "settings": config.model_dump(mode="json"), "data": config.dataset, "measures": measures}
    return Entry(name, **(values | more))


RUN = run(
    "20260314-0926-digits-4-3f9a",
    settings={"n_critic": 5, "clip_value": 0.03},
    sliced=0.08,
    status="finished",
    created="2026-03-14T09:26:00+00:00",
    step=12_000,
    seconds=4000.0,
    size=25_000_000,
    labels=Labels("Sharp digits", ("good", "for the talk"), "Ärger mit c", True),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "sharp",
        "SHARP digits",
        '"sharp digits"',
        "ärger",
        "3f9a",
        "n_critic>=5",
        "n_critic >= 5",
        "n-critic=5",
        "n_critic:5",
        "n_critic:1,5",
        "n_critic!=6",
        "clip_value:.03",
        "clip_value<3.1e-2",
        "c:.03",
        "dataset:digits",
        "data:mnist,Digits",
        "dataset!=mnist",
        "status:finished",
        "tag:good",
        "tag:GOOD",
        'tag:"for the talk"',
        "-tag:bad",
        "-mnist",
        "pin:yes",
        "sliced_w1<.1",
        "best_sliced_w1<=0.08",
        "steps>=12k",
        "step<1M",
        "time>1h",
        "seconds<70min",
        "size>20MB",
        "size<1GB",
        "created:2026-03",
        "created>=2026-03-14",
        "created<=2026-03-14",
        "created<2027",
        "note:ärger",
        "title:sharp",
        "seed:0",
        "digits n_critic>=5 tag:good status:finished sliced_w1<.1",
        'parent:""',
    ],
)
def test_filters_that_fit(text: str) -> None:
    assert matching([RUN], text) == [RUN]


@pytest.mark.parametrize(
    "text",
    [
        "blurry",
        "-sharp",
        "n_critic>5",
        "n_critic:1,25",
        "n_critic!=5",
        "clip_value:.0300001",
        "dataset:mnist",
        "dataset:digit",
        "status:failed",
        "tag:goo",
        "-tag:good",
        "sliced_w1<.08",
        "exact_w1<100",
        "gp_lambda<100",
        "steps>12k",
        "time>2h",
        "created:2026-04",
        "created>2026-03-14",
        "created<2026-03",
        'note:""',
        "tag:good n_critic<5",
    ],
)
def test_filters_that_do_not_fit(text: str) -> None:
    assert matching([RUN], text) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("n_crtic>=5", "Runs have nothing called 'n_crtic': did you mean n_critic?"),
        ("n_critic>=many", "n_critic (n_critic) is compared with a number, not with 'many'."),
        ("n_critic:many", "n_critic (n_critic) is compared with a number, not with 'many'."),
        ("time>5parsec", "Training time (seconds) is compared with a number, perhaps with s or min or h or d, not with '5parsec'."),
        ("n_critic>=", "n_critic>= needs a value after it, such as n_critic>=5."),
        ("dataset:", "dataset: needs a value after it, such as dataset:mnist."),
        ("dataset>mnist", "Data set is not a number, so dataset> means nothing: write dataset:mnist instead."),
        ("created>yesterday", "Created (created) is compared with a date such as 2026-03-14, not with 'yesterday'."),
        ('good "unfinished', "The filter cannot be read at '\"unfinished': a quotation mark has no partner."),
        ('n_critic:5"x', "The filter cannot be read at 'n_critic:5\"x': a quotation mark has no partner."),
        ("x" * 1001, "A filter can have at most 1,000 characters, and this one has 1,001: shorten it."),
    ],
)
def test_a_filter_that_cannot_be_read_says_which_part(text: str, sentence: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("text", ["a" * 1000, '"' * 500, "-" * 1000, ":" * 999, "<>" * 400, "a:" * 400, "\u202e\x00 \ud800", "9" * 900])
def test_strange_filters_are_read_or_refused_at_once(text: str) -> None:
    try:
        matching([RUN], text)
    except FilterError as error:
        assert len(str(error)) < 300


def test_a_setting_without_effect_has_no_value() -> None:
    clipped, penalised = run("clipped"), run("penalised", settings={"lipschitz": "gradient-penalty"})
    assert matching([clipped, penalised], "clip_value<100") == [clipped]
    assert matching([clipped, penalised], "gp_lambda<100") == [penalised]


def test_damaged_runs_are_found_by_their_status() -> None:
    assert [one.name for one in matching([RUN, Entry("broken", damaged="Its config.json is damaged.")], "status:damaged")] == ["broken"]


# Sorting.


def test_sorting_puts_runs_without_a_value_last_both_ways() -> None:
    entries = [run("a", sliced=0.2), run("none"), run("b", sliced=0.1), run("c", sliced=0.3)]
    assert [one.name for one in sorted_by(entries, "sliced_w1")] == ["b", "a", "c", "none"]
    assert [one.name for one in sorted_by(entries, "sliced-w1", reverse=True)] == ["c", "a", "b", "none"]
    assert [one.name for one in sorted_by(entries, "title")] == ["a", "b", "c", "none"]


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(FieldError, match="Runs have nothing called 'sliced': did you mean sliced_w1?"):
        field("sliced")


# Settings that differ.


def test_settings_that_differ() -> None:
    entries = [run("a"), run("b", settings={"n_critic": 7, "device": "auto", "log_every": 9, "dataset": "mnist"}), Entry("x", damaged="!")]
    assert differing(entries) == ["n_critic"]
    assert differing(entries[:1]) == differing([]) == []
    penalised = {"lipschitz": "gradient-penalty"}
    assert differing([run("a"), run("b", settings=penalised)]) == ["lipschitz"]  # and not the clip value, which only one of them has
    assert differing([run("a"), run("b", settings=penalised), run("c", settings={"clip_value": 1.0})]) == ["lipschitz", "clip_value"]


# Groups.


def test_seeds_of_one_setting_are_a_group_with_mean_and_spread() -> None:
    values = [0.1, 0.2, 0.4]
    entries = [run(f"s{seed}", settings={"seed": seed}, sliced=value) for seed, value in enumerate(values)]
    other = run("other", settings={"n_critic": 9}, sliced=0.7)
    groups = grouped([*entries, other], grouping([ALL_BUT_SEED], [*entries, other]))
    assert [(group.values, len(group.entries), group.seeds) for group in groups] == [
        (("digits", 3), 3, (0, 1, 2)),
        (("digits", 9), 1, (0,)),
    ]
    spread = groups[0].spread("sliced_w1")
    assert spread is not None and spread.n == 3
    assert spread.mean == pytest.approx(statistics.fmean(values)) and spread.sd == pytest.approx(statistics.stdev(values))
    single = groups[1].spread("sliced_w1")
    assert single is not None and single.sd is None and groups[1].spread("exact_w1") is None


def test_grouping_by_named_fields() -> None:
    entries = [run("a"), run("b", settings={"n_critic": 9}), run("c", settings={"seed": 4}), Entry("x", damaged="!")]
    groups = grouped(entries, grouping(["n_critic", "data"], entries))
    assert [(group.values, [one.name for one in group.entries]) for group in groups] == [
        ((3, "digits"), ["a", "c"]),
        ((9, "digits"), ["b"]),
    ]
    assert [one.name for one in grouping([ALL_BUT_SEED], [entries[0]])] == ["dataset"]
    with pytest.raises(FieldError):
        grouping(["nothing"], entries)


# The tree.


def test_branches_stand_under_their_parents() -> None:
    entries = [run("leaf", parent="branch"), run("other"), run("branch", parent="root"), run("root"), run("lost", parent="deleted")]
    assert [(leaf.entry.name, leaf.depth) for leaf in tree(entries)] == [
        ("other", 0),
        ("root", 0),
        ("branch", 1),
        ("leaf", 2),
        ("lost", 0),
    ]


def test_runs_that_name_each_other_as_parents_are_all_listed() -> None:
    entries = [run("a", parent="b"), run("b", parent="a"), run("self", parent="self")]
    assert sorted(leaf.entry.name for leaf in tree(entries)) == ["a", "b", "self"]


def test_a_copy_keeps_its_id_and_the_branch_stands_under_one_of_them() -> None:
    entries = [run("a"), run("a-2", run_id="a"), run("b", parent="a")]
    assert [(leaf.entry.name, leaf.depth) for leaf in tree(entries)] == [("a", 0), ("b", 1), ("a-2", 0)]
