"use strict";
/* A sortable table whose rows can be filtered. Columns may be added and removed. */

awb.table = (section) => {
  const table = awb.part(section, "ranking");
  const body = table.tBodies[0];
  const headers = () => [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const original = new Map(rows.map((row, place) => [row, place]));

  const value = (row, column, kind) => {
    const text = row.cells[column].dataset.value;
    if (kind === "text") return text.toLowerCase();
    return text === "" ? null : Number(text);
  };

  const compare = (column, kind, sign) => (one, other) => {
    const [first, second] = [value(one, column, kind), value(other, column, kind)];
    if (first === null || second === null) {
      if (first !== second) return first === null ? 1 : -1;
    } else if (first !== second) return first < second ? -sign : sign;
    return original.get(one) - original.get(other);
  };

  const unmark = () => {
    for (const each of headers().filter((one) => one.dataset.sort)) {
      each.removeAttribute("aria-sort");
      each.querySelector(".direction").textContent = "";
      each.classList.remove("sorted");
    }
  };

  const sort = (header) => {
    const { sort: kind, first } = header.dataset;
    const now = header.getAttribute("aria-sort");
    const other = first === "ascending" ? "descending" : "ascending";
    const direction = now === first ? other : first;
    unmark();
    header.setAttribute("aria-sort", direction);
    header.classList.add("sorted");
    header.querySelector(".direction").textContent = direction === "ascending" ? " ▲" : " ▼";
    rows.sort(compare(header.cellIndex, kind, direction === "ascending" ? 1 : -1));
    body.append(...rows);
  };

  /** Add buttons to headers that have none yet. */
  const prepare = () => {
    for (const header of headers().filter((one) => one.dataset.sort)) {
      const head = header.querySelector(".head");
      if (!head) continue;
      const button = awb.make("button", { type: "button", class: head.classList.contains("tight") ? "tight" : null, onclick: () => sort(header) });
      button.append(...head.childNodes, awb.make("span", { class: "direction", "aria-hidden": "true" }));
      head.replaceWith(button);
    }
  };

  /** Restore the original order of the rows. */
  const restore = () => {
    unmark();
    rows.sort((one, other) => original.get(one) - original.get(other));
    body.append(...rows);
  };

  prepare();
  const handle = { table, rows, prepare, restore };
  const filter = awb.part(section, "filter");
  if (!filter) return handle;
  const baselines = awb.part(section, "baselines");
  const count = awb.part(section, "count");
  const apply = () => {
    const words = filter.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const name = row.dataset.explainer.toLowerCase();
      const fits = words.length === 0 || words.some((word) => name.includes(word));
      row.hidden = !fits || (baselines && !baselines.checked && row.classList.contains("baseline"));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} ${count.dataset.noun || "explainers"}`;
  };
  filter.addEventListener("input", apply);
  baselines?.addEventListener("change", apply);
  apply();
  awb.part(section, "board-controls").hidden = false;
  return handle;
};
