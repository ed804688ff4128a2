"use strict";
(() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const dash = "–";
  const first = 200; // rows shown before the reader asks for all of them

  // Colours are written as names of custom properties: they differ by theme.
  function themed(value, style) {
    if (typeof value === "string" && value.startsWith("--")) {
      return style.getPropertyValue(value).trim() || value;
    }
    if (Array.isArray(value)) return value.map((each) => themed(each, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, themed(v, style)]));
    }
    return value;
  }

  function layoutOf(spec, style) {
    const colour = (name) => style.getPropertyValue(name).trim();
    const layout = themed(spec.layout, style);
    for (const key of new Set(["xaxis", "yaxis", ...Object.keys(layout)])) {
      if (!/^[xy]axis\d*$/.test(key)) continue;
      layout[key] = {
        gridcolor: colour("--rule"), zerolinecolor: colour("--soft"), automargin: true,
        ...layout[key],
      };
    }
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", height: spec.height,
      font: { color: colour("--ink"), family: "system-ui, sans-serif", size: 12 },
      margin: { l: 60, r: 20, t: 10, b: 40 },
      showlegend: spec.traces.length > 1,
      hoverlabel: {
        bgcolor: colour("--card"), bordercolor: colour("--rule"), font: { color: colour("--ink") },
      },
      ...layout,
    };
  }

  function draw() {
    const style = getComputedStyle(document.documentElement);
    for (const spec of data.charts) {
      Plotly.react(
        document.getElementById(spec.id), themed(spec.traces, style), layoutOf(spec, style),
        { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] },
      );
    }
  }

  function rounded(value) {
    if (Number.isInteger(value)) return value.toLocaleString("en-US");
    if (Math.abs(value) < 1) return Number(value.toPrecision(4)).toString();
    return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }

  function span(seconds) {
    const left = Math.round(seconds);
    for (const [size, unit, below, smaller] of [[86400, "d", 3600, "h"], [3600, "h", 60, "min"]]) {
      if (left >= size) {
        const rest = Math.floor((left % size) / below);
        return `${Math.floor(left / size)} ${unit}` + (rest ? ` ${rest} ${smaller}` : "");
      }
    }
    return left >= 60 ? `${Math.floor(left / 60)} min` : `${left} s`;
  }

  function cents(value) {
    const text = value.toLocaleString(
      "en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return text === "-0.00" ? "0.00" : text;
  }

  const written = {
    time: (value) => value.replace("T", " ").replace("Z", ""),
    duration: span,
    percent: (value) => `${cents(value)} %`,
    money: cents,
  };

  function textOf(value, kind) {
    if (value === null || value === undefined) return dash;
    if (kind in written) return written[kind](value);
    return typeof value === "number" ? rounded(value) : String(value);
  }

  // What does not exist comes last, whichever way a column is sorted.
  function compare(a, b, down) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === typeof b) return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
    return String(a).localeCompare(String(b)) * (down ? -1 : 1);
  }

  function tableOf(spec) {
    const place = document.getElementById(spec.id);
    const table = document.createElement("table");
    const body = document.createElement("tbody");
    const more = document.createElement("button");
    let rows = spec.rows;
    let sorted = { column: -1, down: false };
    let shown = first;

    function fill() {
      body.replaceChildren(...rows.slice(0, shown).map((row) => {
        const line = document.createElement("tr");
        row.forEach((value, column) => {
          const { kind } = spec.columns[column];
          const cell = document.createElement(column ? "td" : "th");
          if (!column) cell.scope = "row";
          cell.textContent = textOf(value, kind);
          if (kind === "text" || kind === "time") cell.classList.add("text");
          if (kind === "money" && spec.columns[column].label === "net PnL" && value) {
            cell.classList.add(value > 0 ? "gain" : "loss");
          }
          line.append(cell);
        });
        return line;
      }));
      more.hidden = rows.length <= shown;
      more.textContent = `Show all ${rows.length.toLocaleString("en-US")} rows`;
    }

    function sort(column, head) {
      sorted = { column, down: sorted.column === column ? !sorted.down : false };
      rows = [...spec.rows].sort((a, b) => compare(a[column], b[column], sorted.down));
      for (const each of head.parentElement.children) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      fill();
    }

    const heads = document.createElement("tr");
    spec.columns.forEach((column, index) => {
      const head = document.createElement("th");
      const button = document.createElement("button");
      head.scope = "col";
      button.type = "button";
      button.textContent = column.label;
      button.title = column.title;
      button.addEventListener("click", () => sort(index, head));
      if (column.kind === "text" || column.kind === "time") head.className = "text";
      head.append(button);
      heads.append(head);
    });
    more.type = "button";
    more.className = "more";
    more.addEventListener("click", () => {
      shown = rows.length;
      fill();
    });
    const top = document.createElement("thead");
    top.append(heads);
    table.append(top, body);
    place.append(table);
    place.after(more);
    fill();
  }

  data.tables.forEach(tableOf);
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
