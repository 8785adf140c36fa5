"use strict";
/* Filters findings, matrix and cases; shows the list of cases piece by piece. Text only ever enters
   the page as textContent. */
(() => {
  const PAGE = 200;
  const data = JSON.parse(document.getElementById("data").textContent);
  const input = document.getElementById("filter");
  const matched = document.getElementById("matched");
  const rows = document.getElementById("rows");
  const more = document.getElementById("more");
  const shown = document.getElementById("shown");
  const list = document.querySelector("table.list");
  const number = new Intl.NumberFormat("en");

  /** A case as an object, with the text that the filter looks at. */
  const cases = data.rows.map(([rule, name, operation, verdict, seconds, tags, message, replay]) => {
    const [id, family, level, provenance, stage, statement, source] = data.rules[rule];
    const [word, sign] = data.verdicts[verdict];
    const text = [id, name, operation, family, word, level, provenance, stage, tags, message, statement]
      .filter(Boolean).join(" ").toLowerCase();
    return {id, name, operation, family, level, provenance, stage, statement, source, word, sign,
            seconds, message, replay, text, index: -1};
  });
  let hits = cases;
  let visible = 0;

  function element(tag, content, className) {
    const node = document.createElement(tag);
    if (content) node.textContent = content;
    if (className) node.className = className;
    return node;
  }

  function mark(item) {
    const node = element("span", item.sign, "mark v-" + item.word);
    node.setAttribute("aria-hidden", "true");
    return node;
  }

  function duration(seconds) {
    if (seconds < 0.01) return (seconds * 1000).toFixed(1) + " ms";
    return seconds < 1 ? Math.round(seconds * 1000) + " ms" : seconds.toFixed(1) + " s";
  }

  function row(item) {
    const line = element("tr", "", "item");
    const verdict = element("td");
    verdict.append(mark(item), " " + item.word);
    const rule = element("td");
    const button = element("button", item.id, "open");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => toggle(button, line, item));
    rule.append(button);
    const name = element("td", item.name || "");
    if (item.message) name.append(element("span", item.message, "said"));
    line.append(verdict, rule, name, element("td", item.operation || ""),
                element("td", duration(item.seconds), "n"));
    return line;
  }

  function toggle(button, line, item) {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
      line.nextElementSibling.remove();
      return;
    }
    const detail = element("tr", "", "detail");
    const cell = element("td");
    cell.colSpan = 5;
    cell.append(element("p", item.statement));
    cell.append(element("p", [item.level, item.provenance, "stage " + item.stage,
                              "family " + item.family, item.source].join(" · "), "citation"));
    if (item.replay) cell.append(element("pre", item.replay));
    detail.append(cell);
    line.after(detail);
  }

  function show() {
    const next = hits.slice(visible, visible + PAGE);
    const piece = document.createDocumentFragment();
    next.forEach((item) => piece.append(row(item)));
    rows.append(piece);
    visible += next.length;
    more.hidden = visible >= hits.length;
    more.textContent = "Show " + number.format(Math.min(PAGE, hits.length - visible)) + " more";
  }

  function has(text, words) {
    return words.every((word) => text.includes(word));
  }

  /** A finding is shown when its rule matches, or one of its cases together with the rule does. */
  function filterFindings(words) {
    for (const finding of document.querySelectorAll("details.finding[data-text]")) {
      const about = finding.dataset.text.toLowerCase();
      const whole = has(about, words);
      const parts = finding.querySelectorAll("article[data-text], li[data-text]");
      let some = whole;
      for (const part of parts) {
        const fits = whole || has(about + " " + part.dataset.text.toLowerCase(), words);
        part.hidden = !fits;
        some = some || fits;
      }
      finding.hidden = !some;
    }
  }

  function filterMatrix(words) {
    const operations = new Set(hits.map((item) => item.operation || ""));
    for (const line of document.querySelectorAll("table.matrix tbody tr")) {
      const named = line.querySelector("button.cell");
      line.hidden = words.length > 0 && !(named && operations.has(named.dataset.operation));
    }
  }

  function filter() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits = words.length ? cases.filter((item) => has(item.text, words)) : cases;
    const told = number.format(hits.length) + " of " + number.format(cases.length) + " cases";
    matched.textContent = words.length ? told : "";
    shown.textContent = words.length ? told : number.format(cases.length) + " cases";
    rows.replaceChildren();
    visible = 0;
    show();
    filterFindings(words);
    filterMatrix(words);
    for (const tile of document.querySelectorAll(".tile")) {
      tile.setAttribute("aria-pressed", String(words.includes(tile.dataset.verdict)));
    }
  }

  function seek(text) {
    input.value = text;
    filter();
  }

  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 60);
  });
  document.getElementById("search").addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  document.addEventListener("click", (event) => {
    const at = event.target.closest(".tile, .cell, .seek, .copy");
    if (!at) return;
    if (at.matches(".tile")) {
      seek(at.getAttribute("aria-pressed") === "true" ? "" : at.dataset.verdict);
    } else if (at.matches(".cell")) {
      seek((at.dataset.operation + " " + at.dataset.family).trim());
      document.getElementById("cases").scrollIntoView();
    } else if (at.matches(".seek")) {
      seek(at.dataset.seek);
      if (at.closest("#cells")) document.getElementById("cases").scrollIntoView();
    } else {
      copy(at);
    }
  });

  /** The clipboard is there only for trusted pages, so a selection is the way that always works. */
  async function copy(button) {
    const text = button.parentElement.querySelector("pre");
    getSelection().selectAllChildren(text);
    let done = document.execCommand("copy");
    if (!done && navigator.clipboard) {
      done = await navigator.clipboard.writeText(text.textContent).then(() => true, () => false);
    }
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details.finding, details.evidence, details.fold")) part.open = true;
  });

  document.getElementById("search").hidden = false;
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  more.addEventListener("click", show);
  list.hidden = false;
  filter();
  document.documentElement.dataset.ready = "true";
})();
