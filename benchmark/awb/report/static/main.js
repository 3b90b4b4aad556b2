"use strict";
/* Assemble the parts of the page. */

/** The list of instances; returns a function that marks the current one. */
awb.instanceList = (nav, order, board, list, link) => {
  const level = (one) => (one.level === null ? Infinity : one.level * (board.metrics[0].higher ? 1 : -1));
  const entry = (one) => awb.make("li", {}, awb.make("a", { href: link(one), "data-key": one.key },
    awb.make("span", {}, one.target), awb.make("span", { class: "level" }, awb.format(one.level, 2)),
    awb.make("span", { class: "clip" }, one.clip)));
  const group = (heading, ones) => (ones.length ? [
    heading ? awb.make("p", { class: "group" }, heading) : null, awb.make("ol", {}, ones.map(entry)),
  ] : []);
  let current = null;
  const mark = (key) => {
    current = key;
    for (const each of nav.querySelectorAll("a")) {
      if (each.dataset.key === String(key)) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
  };
  const render = () => {
    const worst = [...list].sort((one, other) => level(one) - level(other));
    const few = Math.min(5, Math.floor(list.length / 2));
    const groups = {
      extremes: () => [
        ...group("Worst", worst.slice(0, few)), ...group("Best", worst.slice(worst.length - few).reverse()),
        ...group(few ? "Between" : "", worst.slice(few, worst.length - few)),
      ],
      worst: () => group("", worst),
      best: () => group("", [...worst].reverse()),
      clip: () => group("", [...list].sort((one, other) =>
        one.clip.localeCompare(other.clip, "en", { numeric: true }) || one.target.localeCompare(other.target, "en"))),
    };
    nav.replaceChildren(...groups[order.value]().filter(Boolean));
    if (current !== null) mark(current);
  };
  order.addEventListener("change", render);
  render();
  return mark;
};

awb.charts = (article, board) => {
  if (board.rows.every((row) => row.cells[0][0] === null)) return;
  const select = awb.part(article, "metric");
  awb.metricOptions(select, board);
  for (const section of article.querySelectorAll('[data-role="charts"]')) section.hidden = false;
  const bars = awb.part(article, "bars");
  const redraw = awb.onWidth(bars, (width) => awb.bars(bars, board, Number(select.value), width));
  const facts = () => awb.metricFacts(awb.part(article, "metric-facts"), board.metrics[Number(select.value)]);
  select.addEventListener("change", () => { facts(); redraw(); });
  facts();
  const scatter = awb.part(article, "scatter");
  awb.onWidth(scatter, (width) => awb.scatter(scatter, board, width));
  if (!board.agreement) return;
  awb.part(article, "agreement-section").hidden = false;
  const every = awb.part(article, "all-metrics");
  const main = board.metrics.filter((metric) => metric.headline).map((metric) => metric.name);
  every.parentElement.hidden = board.agreement.metrics.every((name) => main.includes(name));
  const map = awb.part(article, "heatmap");
  const again = awb.onWidth(map, (width) => awb.heatmap(map, board, every.checked, width));
  every.addEventListener("change", again);
};

awb.board = (article) => {
  const number = Number(article.dataset.number);
  const board = JSON.parse(article.querySelector(".board-data").textContent);
  const leaderboard = article.querySelector(".leaderboard");
  const handle = awb.table(leaderboard);
  const list = board.instances.map((one, key) => ({ ...one, key }));
  awb.charts(article, board);
  const section = awb.part(article, "listening");
  const chosen = { explainers: [], key: null, metrics: null };
  const write = () => {
    const one = chosen.key === null ? {} : list[chosen.key];
    awb.writeAddress({ board: number, clip: one.clip, target: one.target, explainers: chosen.explainers, metrics: chosen.metrics });
  };
  const columns = awb.columns(leaderboard, board, handle, (metrics) => {
    chosen.metrics = metrics;
    write();
  });
  const showColumns = (address) => {
    if (address.metrics) chosen.metrics = address.metrics;
    columns.show(address.metrics);
  };
  if (!section) return { number, article, open: showColumns };
  section.hidden = false;
  const scripts = [...article.querySelectorAll(".instance-data")];
  const best = board.rows.filter((row) => row.rank !== null).slice(0, 3).map((row) => row.explainer);
  chosen.explainers = best.length ? best : board.rows.slice(0, 3).map((row) => row.explainer);
  const player = awb.player(section, board, board.metrics[0], (explainers) => {
    chosen.explainers = explainers;
    write();
  });
  const link = (one) => awb.address({ board: number, clip: one.clip, target: one.target });
  const mark = awb.instanceList(awb.part(section, "instances"), awb.part(section, "order"), board, list, link);
  const open = (address) => {
    showColumns(address);
    const found = list.find((one) => one.clip === address.clip && one.target === address.target);
    if (address.explainers) chosen.explainers = address.explainers;
    const key = found ? found.key : (chosen.key ?? awb.part(section, "instances").querySelector("a").dataset.key);
    if (Number(key) === chosen.key && !address.explainers) return;
    chosen.key = Number(key);
    player.open(JSON.parse(scripts[chosen.key].textContent), chosen.explainers);
    mark(chosen.key);
    if (found) write();
  };
  return { number, article, open, player, section };
};

awb.start = () => {
  const boards = [...document.querySelectorAll("article.board")].map(awb.board);
  const go = (scroll) => {
    const address = awb.readAddress();
    const shown = boards.find((board) => board.number === address.board) || boards[0];
    for (const board of boards) board.article.hidden = board !== shown;
    for (const link of document.querySelectorAll(".boards-nav a")) {
      if (Number(link.dataset.board) === shown.number) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    shown.open(address);
    if (scroll && (address.clip || address.explainers) && shown.section) shown.section.scrollIntoView();
  };
  if (boards.length) {
    window.addEventListener("hashchange", () => go(false));
    go(true);
  }
  awb.theme(document.getElementById("theme"));
  awb.boards = boards;
};

awb.start();
