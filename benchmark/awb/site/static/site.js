"use strict";
/* Pages without boards: tables, and bars of one explainer on all boards. */

awb.across = (section) => {
  const board = JSON.parse(section.querySelector(".across-data").textContent);
  const select = awb.part(section, "metric");
  awb.metricOptions(select, board);
  section.hidden = false;
  const bars = awb.part(section, "bars");
  const redraw = awb.onWidth(bars, (width) => awb.bars(bars, board, Number(select.value), width));
  const facts = () => awb.metricFacts(awb.part(section, "metric-facts"), board.metrics[Number(select.value)]);
  select.addEventListener("change", () => { facts(); redraw(); });
  facts();
};

for (const section of document.querySelectorAll('[data-role="sortable"]')) awb.table(section);
for (const section of document.querySelectorAll('[data-role="across"]')) awb.across(section);
