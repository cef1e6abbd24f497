// The one stylesheet of the admin pages: system fonts, light and dark by the reader's setting, dense tables that turn
// into cards where there is no room for columns.

/** Below this many CSS pixels a row of nine columns has no room and becomes a card. */
const cardWidth = 1320;

export const stylesheet = `
:root{color-scheme:light dark;
--bg:light-dark(#fcfcfb,#15171a);--panel:light-dark(#fff,#1b1e22);--text:light-dark(#1d2024,#dcdfe3);
--muted:light-dark(#646b75,#8d949e);--line:light-dark(#e6e7ea,#2a2e34);--hover:light-dark(#f3f5f8,#20242a);
--link:light-dark(#1f56c3,#7fb0ff);--var:light-dark(#8a3ea8,#d3a3ea);
--good:light-dark(#1a7a45,#63c88c);--warn:light-dark(#95610a,#e0b050);--bad:light-dark(#bb2f2f,#f08a86);
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline;padding:10px 20px;border-bottom:1px solid var(--line);background:var(--panel)}
header b{font-size:15px;letter-spacing:-.01em}
nav{display:flex;gap:14px}
nav a{color:var(--muted);text-decoration:none}
nav a[aria-current]{color:var(--text);font-weight:600}
header p{margin:0 0 0 auto;color:var(--muted);font-size:12.5px}
main{padding:16px 20px 48px;max-width:1800px;margin:0 auto}
h1{font-size:17px;margin:0 0 2px;letter-spacing:-.01em}
h2{font-size:14px;margin:30px 0 8px}
h2 small{font-weight:400;color:var(--muted);font-size:12.5px}
p{margin:0 0 10px}
.meta,.note{color:var(--muted);font-size:12.5px}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
code,pre,.r td:nth-child(2){font-family:var(--mono);font-size:12.5px}
.bar{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:12px 0}
input,select,textarea,button.go{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:5px 9px}
input{flex:1 1 260px;max-width:720px;min-width:0}
textarea{display:block;width:100%;margin-top:3px;resize:vertical}
textarea,input[name=path]{font-family:var(--mono);font-size:13px}
button.go{cursor:pointer}
:is(input,select,textarea,button,a,summary):focus-visible{outline:2px solid var(--link);outline-offset:1px}
td div[title]{font-size:12px;line-height:1.35}
.more{margin:8px 0 12px}
summary{color:var(--muted);font-size:12.5px;cursor:pointer;width:max-content}
.more[open]>summary{margin-bottom:6px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:8px 12px;max-width:900px}
label{color:var(--muted);font-size:12.5px}
label textarea{color:var(--text)}
.count{color:var(--muted);font-size:12.5px;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%;background:var(--panel);border:1px solid var(--line)}
th{position:sticky;top:0;background:var(--panel);text-align:left;font-weight:500;font-size:12px;color:var(--muted);box-shadow:inset 0 -1px var(--line);padding:0;z-index:1;white-space:nowrap}
th>span,th button{display:block;width:100%;padding:6px 9px;font:inherit;color:inherit;text-align:left;background:none;border:0}
th button{cursor:pointer}
th button:hover{color:var(--text)}
th[aria-sort=ascending] button::after{content:" \\2191"}
th[aria-sort=descending] button::after{content:" \\2193"}
td{padding:4px 9px;border-top:1px solid var(--line);vertical-align:baseline;font-size:13px;overflow-wrap:anywhere}
.c td{overflow-wrap:break-word;max-width:440px}
tbody tr:hover{background:var(--hover)}
i{font-style:normal;color:var(--var)}
s{text-decoration:none;color:var(--muted)}
td small{color:var(--muted);font-size:12px;white-space:nowrap}
td a.t{color:inherit}
.m{display:inline-block;min-width:52px;text-align:center;padding:0 5px;border-radius:4px;font:600 11px/18px var(--mono);color:var(--mc,var(--muted));background:color-mix(in srgb,var(--mc,var(--muted)) 12%,transparent)}
.GET{--mc:light-dark(#1f56c3,#7fb0ff)}.POST{--mc:light-dark(#1a7a45,#63c88c)}.PUT{--mc:light-dark(#95610a,#e0b050)}
.PATCH{--mc:light-dark(#7b3fb0,#c79bf2)}.DELETE{--mc:light-dark(#bb2f2f,#f08a86)}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.box{border:1px solid var(--line);border-left:3px solid var(--bc,var(--line));background:var(--panel);padding:10px 14px;margin:12px 0;border-radius:4px;overflow-wrap:anywhere}
.box.good{--bc:var(--good);color:inherit}.box.bad{--bc:var(--bad);color:inherit}.box.warn{--bc:var(--warn);color:inherit}
.box ul{margin:4px 0 0;padding-left:18px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:0}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
pre{margin:8px 0 0;padding:10px 14px;background:var(--panel);border:1px solid var(--line);border-radius:4px;overflow:auto;max-height:60vh}
@media(max-width:${cardWidth}px){
header{padding:10px 12px}
header p{margin-left:0;flex-basis:100%}
main{padding:14px 12px 40px}
table{display:block;border:0;background:none}
tbody{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:8px}
thead{display:none}
tr{display:block;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:6px 4px}
tr[hidden]{display:none}
td{display:block;border:0;padding:1px 8px}
td:empty{display:none}
.c td{max-width:none}
td:nth-child(n+3){padding-left:86px;position:relative}
td:nth-child(n+3)::before{content:var(--n,"");position:absolute;left:8px;color:var(--muted);font-size:12px}
.r td:nth-child(-n+2){display:inline}
.r td:nth-child(1){padding-right:0}
}
`;

/** Names of columns where a table has become cards; said once in the stylesheet instead of in every cell. */
export function cardLabels(table: string, labels: readonly string[]): string {
  const rules = labels.map((label, i) => `#${table} td:nth-child(${i + 1}){--n:"${label}"}`);
  return `@media(max-width:${cardWidth}px){${rules.join("")}}\n`;
}
