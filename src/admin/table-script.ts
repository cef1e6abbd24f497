// The one script of the admin pages: filters the rows of #routes as one types and sorts them by a column. The page is
// whole without it: the filter is a form that the server answers too, and the order is the gateway's.

export const tableScript = `
const table = document.getElementById("routes");
const field = document.querySelector("input[name=q]");
const count = document.getElementById("count");
if (table && field && count) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row) => ({ row, text: "" }));
  let due = 0;
  const filter = () => {
    due = 0;
    const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of rows) {
      if (words.length && !entry.text) {
        // Cells side by side would otherwise make words that are in none of them.
        entry.text = Array.from(entry.row.cells, (cell) => cell.textContent + "\\n" + cell.title).join("\\n").toLowerCase();
      }
      const hidden = words.some((word) => !entry.text.includes(word));
      if (entry.row.hidden !== hidden) entry.row.hidden = hidden;
      if (!hidden) shown++;
    }
    count.textContent = words.length ? shown + " of " + rows.length : count.dataset.all;
  };
  field.addEventListener("input", () => { due ||= requestAnimationFrame(filter); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== field) { event.preventDefault(); field.focus(); }
  });
  const collator = new Intl.Collator("en", { numeric: true });
  const order = rows.slice();
  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th");
    if (!head) return;
    const was = head.getAttribute("aria-sort");
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    const now = was === "ascending" ? "descending" : was === "descending" ? "" : "ascending";
    if (now) head.setAttribute("aria-sort", now);
    const keyed = order.map((entry) => ({ row: entry.row, key: entry.row.cells[head.cellIndex].textContent }));
    if (now) keyed.sort((a, b) => collator.compare(a.key, b.key));
    if (now === "descending") keyed.reverse();
    body.append(...keyed.map((entry) => entry.row));
  });
  if (field.value) filter();
}
`;
