"""Pages read straight into typed columns: what reads them is made once for each list of properties."""

from concurrent.futures import ThreadPoolExecutor

from exact_sync.catalog import Edm
from exact_sync.exact import typed

KINDS = (("ID", typed.TYPES[Edm.GUID]), ("Number", typed.TYPES[Edm.INT32]))


def test_the_same_properties_have_the_same_reader_and_threads_may_share_it() -> None:
    assert typed.reader(KINDS) is typed.reader(KINDS)
    bodies = [b'{"d":{"results":[%b]}}' % b",".join([b'{"ID":"a","Number":%d}' % n] * 50) for n in range(200)]
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(typed.reader(KINDS), bodies))
    assert [page and set(page.columns[1]) for page in pages] == [{n} for n in range(200)]
