"""Results as text, as Markdown between the marks of docs/benchmarks.md, and as a picture."""
import html
import math
import re
import textwrap

from benchmarks.core import ROOT, BenchError, number

PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "benchmarks.svg"

BAR_COLOUR, RANGE_COLOUR, GOAL_COLOUR = "#3b6ea5", "#1d2b3a", "#b3541e"


def is_number(text):
    return re.fullmatch(r"[-0-9. ]+%?", text) is not None


def numeric(table):
    """Which columns hold numbers only; those stand right."""
    return [all(is_number(row[i]) for row in table.rows if row[i]) for i in range(len(table.header))]


def as_text(table):
    rows = [table.header, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.header))]
    right = numeric(table)
    for row in [table.header, ["-" * w for w in widths], *table.rows]:
        yield "  ".join(cell.rjust(w) if r else cell.ljust(w)
                        for cell, w, r in zip(row, widths, right)).rstrip()
    if table.below:
        yield textwrap.fill(table.below.replace("*", ""), 98)


def as_markdown(table):
    yield "| " + " | ".join(table.header) + " |"
    yield "| " + " | ".join("---:" if right else "---" for right in numeric(table)) + " |"
    for row in table.rows:
        yield "| " + " | ".join(row) + " |"
    if table.below:
        yield ""
        yield table.below


def machine_lines(results):
    m = results["machine"]
    yield f"- {m['cpu']} (family/model {m['family']}), {m['cpus']} CPUs" + \
        (", a virtual machine" if m["hypervisor"] else "") + f", {m['memory_mib']} MiB, Linux {m['kernel']}"
    yield f"- {m['compiler']}; `{m['flags']}`; DPDK {m['dpdk']}"
    yield f"- DPDK's memory: {m['dpdk_pages']}; tables: {m['table_pages']}"


def occasion(results):
    """When and under what load; stands with each bench, because one can be renewed alone."""
    m = results["machine"]
    return (f"*{results['runs']} run{'s' if results['runs'] != 1 else ''}"
            f"{', short ones (--quick)' if results['quick'] else ''}; {results['date']}, commit {m['commit']}; "
            f"load average {m['load'][0]} before, {results['load_after'][0]} after.*")


def between(text, mark, lines, page=PAGE):
    """The text of a page with what stands between <!-- bench:MARK --> and <!-- /bench --> replaced."""
    pattern = re.compile(rf"(<!-- bench:{re.escape(mark)} -->\n).*?(<!-- /bench -->)", re.S)
    if not pattern.search(text):
        raise BenchError(f"{page.relative_to(ROOT)} has no mark <!-- bench:{mark} -->.")
    return pattern.sub(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text)


def write(results, sections):
    """sections: {mark: list of tables}. Rewrites the page's marked parts and, from frames, the picture."""
    text = PAGE.read_text(encoding="utf-8")
    text = between(text, "machine", machine_lines(results))
    for mark, tables in sections.items():
        lines = []
        for table in tables:
            lines += [*as_markdown(table), ""]
        text = between(text, mark, [*lines, occasion(results)])
    PAGE.write_text(text, encoding="utf-8")
    if "frames" in results:
        PICTURE.write_text(picture(results), encoding="utf-8")


def bars(results):
    """(label, figure, bar of the plan or None) of the picture."""
    figures = results["frames"]["figures"]
    wanted = [
        ("reference responder, SYN", "64k/verified/syn:reference", None),
        ("SYN -> SYN-ACK, 64 k flows", "64k/verified/syn", 95),
        ("SYN -> SYN-ACK, 1 M flows", "1M/verified/syn", 95),
        ("bare ACK of nobody", "1M/verified/ack-flood", 45),
        ("datagram 60 -> 200 bytes", "1M/verified/udp", 110),
        ("mix, 1 M flows", "1M/verified/mix", 110),
        ("mix, 10 M flows", "10M/verified/mix", 110),
        ("conversation, 1 M flows", "1M/verified/conv", 560),
        ("conversation, 10 M flows", "10M/verified/conv", 560),
    ]
    return [(label, figures[key], bar) for label, key, bar in wanted if key in figures]


def picture(results):
    """Bars of p50 on a logarithmic scale, the range of the runs, the plan's bar as a stroke."""
    rows = bars(results)
    low, high, left, width, step = 20, 20000, 240, 460, 30
    height = 60 + step * len(rows)

    def x(value):
        return left + width * math.log(max(value, low) / low) / math.log(high / low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 90} {height}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{left + width + 90}" height="{height}" fill="white"/>',
           '<text x="12" y="18">Ticks per packet or conversation (median of the runs, sums verified); '
           'strokes: the plan\'s bars</text>']
    for value in (20, 100, 1000, 10000):
        out.append(f'<line x1="{x(value):.1f}" y1="30" x2="{x(value):.1f}" y2="{height - 24}" stroke="#ddd"/>'
                   f'<text x="{x(value):.1f}" y="{height - 8}" text-anchor="middle">{value}</text>')
    for i, (label, f, bar) in enumerate(rows):
        y = 36 + step * i
        out.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{html.escape(label)}</text>'
                   f'<rect x="{left}" y="{y}" width="{x(f["p50"]) - left:.1f}" height="18" fill="{BAR_COLOUR}"/>'
                   f'<line x1="{x(f["low"]):.1f}" y1="{y + 9}" x2="{x(f["high"]):.1f}" y2="{y + 9}" '
                   f'stroke="{RANGE_COLOUR}" stroke-width="3"/>'
                   f'<text x="{x(f["high"]) + 6:.1f}" y="{y + 13}">{number(f["p50"])}</text>')
        if bar:
            out.append(f'<line x1="{x(bar):.1f}" y1="{y - 3}" x2="{x(bar):.1f}" y2="{y + 21}" '
                       f'stroke="{GOAL_COLOUR}" stroke-width="2"/>')
    out.append("</svg>\n")
    return "\n".join(out)
