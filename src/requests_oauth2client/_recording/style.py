"""The style sheet of the page: one file with the page, so that it needs nothing from elsewhere."""

STYLE = """
:root { color-scheme: light dark; --ground: #f7f7f5; --sheet: #fff; --ink: #1b1f24; --soft: #5c6570; --line: #d9dde2;
  --request: #1d5bb8; --response: #5c6570; --good: #176b37; --warn: #8a5300; --bad: #b3261e; --bad-ground: #fdeceb;
  --code: #f1f3f5 }
@media (prefers-color-scheme: dark) { :root { --ground: #111418; --sheet: #1a1e24; --ink: #e7eaee; --soft: #9aa4b0;
  --line: #343b44; --request: #7db2ff; --response: #9aa4b0; --good: #6fd08c; --warn: #f0b45a; --bad: #ff8a80;
  --bad-ground: #3a1d1c; --code: #12161b } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif }
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 64px }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere }
p { margin: 0 0 8px } .soft { color: var(--soft) }
a { color: var(--request) }
.failures { background: var(--bad-ground); border-left: 4px solid var(--bad); border-radius: 4px; margin: 16px 0;
  padding: 10px 14px; overflow-wrap: anywhere }
.failures ul { margin: 4px 0 0; padding-left: 18px }
.story { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; margin-top: 16px }
.lanes, summary { display: grid; grid-template-columns: repeat(8, 1fr) }
.lanes { position: sticky; top: 0; z-index: 2; background: var(--sheet); border-bottom: 1px solid var(--line);
  border-radius: 8px 8px 0 0; padding: 10px 0; font-weight: 600; text-align: center; line-height: 1.2 }
.lanes span { grid-column: span 2; padding: 0 4px }
.rows { padding-bottom: 14px;
  background: linear-gradient(var(--line), var(--line)) 12.5% 0 / 1px 100% no-repeat,
    linear-gradient(var(--line), var(--line)) 37.5% 0 / 1px 100% no-repeat,
    linear-gradient(var(--line), var(--line)) 62.5% 0 / 1px 100% no-repeat,
    linear-gradient(var(--line), var(--line)) 87.5% 0 / 1px 100% no-repeat }
summary { list-style: none; cursor: pointer; padding: 14px 0 4px; position: relative }
summary::-webkit-details-marker { display: none }
summary:hover { background: color-mix(in srgb, var(--request) 7%, transparent) }
summary:focus-visible { outline: 2px solid var(--request); outline-offset: -2px }
.label { text-align: center; overflow-wrap: anywhere; padding: 0 6px; min-width: 0; line-height: 1.3 }
.label > span, .back > span, .marks > span { background: var(--sheet); padding: 1px 5px; border-radius: 3px }
summary:hover .label > span, summary:hover .back > span, summary:hover .marks > span { background: var(--code) }
.label b { font-weight: 650 } .label i, .n { color: var(--soft); font-style: normal; font-size: 13px }
.arrow { height: 11px; position: relative; border-bottom: 2px solid var(--request); margin: 0 1px }
.arrow.back { border-bottom: 2px dashed var(--response); height: auto; min-height: 11px; display: flex;
  justify-content: center; font-size: 13px; color: var(--soft); padding: 5px 0 3px; line-height: 1.3;
  white-space: nowrap }
.arrow::after { content: ""; position: absolute; bottom: -6px; border: 5px solid transparent }
.right::after { right: -1px; border-left: 8px solid var(--request); border-right: 0 }
.left::after { left: -1px; border-right: 8px solid var(--request); border-left: 0 }
.back.right::after { border-left-color: var(--response) } .back.left::after { border-right-color: var(--response) }
.self { border: 2px solid var(--request); border-left: 0; border-radius: 0 8px 8px 0; height: 16px }
.self::after { left: -2px; right: auto; border-left: 0; border-right: 8px solid var(--request) }
.marks { text-align: center; font-size: 13px; padding: 5px 8px 0; overflow-wrap: anywhere }
.good { color: var(--good) } .warn { color: var(--warn) } .bad { color: var(--bad) }
.broken .arrow, .broken .arrow.back { border-color: var(--bad) }
.broken .arrow.right::after { border-left-color: var(--bad) }
.broken .arrow.left::after { border-right-color: var(--bad) }
.open { background: var(--sheet); border: 1px solid var(--line); border-left: 4px solid var(--request);
  border-radius: 4px; margin: 8px 12px 12px; padding: 12px 14px }
.broken .open { border-left-color: var(--bad) }
.open h2 { font-size: 14px; margin: 0 0 4px } .pair { display: grid; gap: 14px; grid-template-columns: 1fr 1fr }
.pair > div { min-width: 0 }
pre { background: var(--code); border-radius: 4px; font: 12.5px/1.5 ui-monospace, Menlo, Consolas, monospace;
  margin: 0 0 8px; max-height: 420px; overflow: auto; overflow-wrap: anywhere; padding: 8px 10px;
  white-space: pre-wrap }
.checks { list-style: none; margin: 0 0 10px; padding: 0 } .checks li { overflow-wrap: anywhere; padding: 1px 0 }
.times { color: var(--soft); font-size: 13px; margin: 4px 0 0 }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
@media (max-width: 640px) { body { font-size: 14px } main { padding: 16px 8px 48px }
  .lanes { font-size: 12px } .label, .marks { grid-column: 1 / -1 !important }
  .arrow.back { font-size: 12px } .pair { grid-template-columns: 1fr }
  .open { margin: 8px 6px 12px; padding: 10px } pre { font-size: 12px } }
"""
