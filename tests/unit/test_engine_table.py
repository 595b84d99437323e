"""The table that ``make test-engines`` writes."""

from __future__ import annotations

from collections import Counter

from tests.engines import BEGIN, END, HEAD, count, with_rows

REPORT = """<testsuites><testsuite>
<testcase name="test_a[opensearch]"/>
<testcase name="test_a[opensearch, visual_2]"><failure message="no"/></testcase>
<testcase name="test_b[opensearch-last]"><error message="no"/></testcase>
<testcase name="test_c[three shards-opensearch]"><skipped message="no"/></testcase>
<testcase name="test_a[sqlite]"/>
<testcase name="test_that_is_no_opensearch"/>
</testsuite></testsuites>"""


def test_counts_are_those_of_the_tests_that_have_the_engine_as_a_parameter() -> None:
    assert count(REPORT, "opensearch") == Counter(passed=1, failed=2, skipped=1)


def test_rows_are_replaced_and_the_others_kept() -> None:
    text = f"# Engines\n\n{BEGIN}\n{END}\n\nMore.\n"
    text = with_rows(text, {"opensearch-3.8.0": Counter(passed=5)})
    text = with_rows(text, {"elasticsearch-9.2.0": Counter(passed=4, skipped=1)})
    text = with_rows(text, {"opensearch-3.8.0": Counter(passed=6, failed=1)})
    rows = "| Elasticsearch | 9.2.0 | 4 | 0 | 1 |\n| OpenSearch | 3.8.0 | 6 | 1 | 0 |"
    assert text == f"# Engines\n\n{BEGIN}\n{HEAD}\n{rows}\n{END}\n\nMore.\n"
