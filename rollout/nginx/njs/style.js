// How the page for people looks: light, dark, and on a phone, where each row is a card.

const style = () => `
:root {
  color-scheme: light dark;
  font: 16px/1.5 system-ui, sans-serif;
  --line: color-mix(in srgb, currentColor 15%, transparent);
  --good: #1a7f37; --bad: #c93c37; --busy: #0b66c3; --calm: #6b6b6b;
}
body { max-width: 68rem; margin: 2.5rem auto; padding: 0 1rem; font-variant-numeric: tabular-nums; }
h1 { font-size: 1.5rem; font-weight: 600; }
h2 { margin: 0; font-size: 1.05rem; font-weight: 600; overflow-wrap: anywhere; }
small, footer, th, time { font-size: .8rem; font-weight: 400; opacity: .75; }
.mark { padding: .1rem .6rem; border-radius: 1rem; color: #fff; background: var(--calm); font-size: .85rem; font-weight: 500; }
.up .mark.up, .succeeded .mark { background: var(--good); }
.mark.down, .failed .mark, .killed .mark { background: var(--bad); }
.rolling .mark { background: var(--busy); }
section { margin: 0 0 1.5rem; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .6rem; }
section p { margin: .4rem 0 0; }
.trouble { font-weight: 600; }
progress { display: block; width: 100%; height: .35rem; margin: .7rem 0; border: 0; border-radius: 1rem; appearance: none; background: var(--line); }
progress::-webkit-progress-bar { border-radius: 1rem; background: var(--line); }
progress::-webkit-progress-value { border-radius: 1rem; background: var(--busy); }
progress::-moz-progress-bar { border-radius: 1rem; background: var(--busy); }
ol { display: flex; flex-wrap: wrap; gap: .3rem .5rem; margin: .4rem 0 0; padding: 0; list-style: none; font-size: .85rem; }
li { padding: .05rem .6rem; border: 1px solid var(--line); border-radius: 1rem; }
li.now { border-color: var(--busy); box-shadow: inset 0 0 0 1px var(--busy); }
li.done { border-color: var(--good); }
li.back { border-color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 500; }
td small { display: block; }
tr.empty { opacity: .6; }
body.silent { opacity: .5; }
td:nth-child(-n+3), td:nth-child(5) { white-space: nowrap; }
footer { margin-top: 1.5rem; overflow-wrap: anywhere; }
@media (max-width: 52rem) {
  body { margin: 1rem auto; }
  thead { display: none; }
  tr { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  td { padding: 0; border: 0; overflow-wrap: anywhere; }
  td:empty { display: none; }
  td:nth-child(n) { white-space: normal; }
  td:nth-child(1) { font-weight: 600; }
  td:nth-child(2) { order: 1; opacity: .75; }
  td:nth-child(3) { text-align: right; }
  td:nth-child(4) { order: 3; grid-column: 1 / -1; }
  td:nth-child(5) { order: 2; text-align: right; }
  td:nth-child(6) { order: 4; grid-column: 1 / -1; }
  td small { display: inline; }
}
`;
