#if Tools
/// The page of a report, a Stencil template. It is part of the program, so that the tool can be copied anywhere.
///
/// Its context is escaped already, so the page is well-formed XML.
let reportTemplate = """
  <!DOCTYPE html>
  <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
  <head>
  <meta charset="utf-8"/>
  <meta name="viewport" content="width=device-width, initial-scale=1"/>
  <meta name="color-scheme" content="light dark"/>
  <meta name="generator" content="Recurrent"/>
  <title>{{ title }}</title>
  <style>
  :root {
    --ground: #ffffff; --ink: #1c2530; --muted: #5a6675; --rule: #dfe4ea; --soft: #f5f7f9; --met: #00694f;
    --missed: #a83c00;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --ground: #14181d; --ink: #e6eaef; --muted: #a0abb8; --rule: #2d353f; --soft: #1b2127; --met: #3cc9a0;
      --missed: #f58d4e;
    }
  }
  * { box-sizing: border-box; }
  body {
    margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 52rem; background: var(--ground); color: var(--ink);
    font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  }
  h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 0.4rem; text-wrap: balance; }
  h2 { font-size: 1.2rem; margin: 2.75rem 0 0.9rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--rule); }
  h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; }
  p { margin: 0 0 0.8rem; }
  .summary { color: var(--muted); font-size: 1.05rem; }
  dl {
    display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.3rem 1.4rem; margin: 1.5rem 0 0;
    padding: 0.9rem 1.1rem; background: var(--soft); border-radius: 0.5rem; font-size: 0.9rem;
  }
  dt { color: var(--muted); }
  dd { margin: 0; overflow-wrap: anywhere; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; font-size: 0.9rem; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: 0.45rem 1rem 0.45rem 0; border-bottom: 1px solid var(--rule); }
  th { color: var(--muted); font-weight: 600; border-bottom-width: 2px; }
  td:last-child, th:last-child { padding-right: 0; }
  .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .strong { font-weight: 600; }
  .bar { white-space: nowrap; }
  .beside { color: var(--muted); min-width: 12rem; }
  .met, .missed { font-weight: 600; margin-left: 0.35rem; }
  .met { color: var(--met); }
  .missed { color: var(--missed); }
  figure { margin: 0 0 2.25rem; break-inside: avoid; }
  details { font-size: 0.85rem; margin-top: 0.25rem; }
  summary { color: var(--muted); cursor: pointer; padding: 0.2rem 0; }
  details .wide { max-height: 24rem; overflow: auto; }
  details table { font-size: 0.8rem; width: auto; }
  details th, details td { padding: 0.15rem 1rem 0.15rem 0; }
  pre {
    margin: 0 0 1rem; padding: 0.9rem 1.1rem; background: var(--soft); border-radius: 0.5rem; white-space: pre-wrap;
    overflow-wrap: anywhere; font: 0.85rem/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  }
  {{ styles }}
  /* Narrower, its words could not be read: it is moved instead. */
  figure > .wide > svg.figure { min-width: 38rem; }
  @media print {
    body { padding: 0; max-width: none; font-size: 10pt; }
    details { display: none; }
    figure > .wide > svg.figure { min-width: 0; }
    h2 { break-after: avoid; }
  }
  </style>
  </head>
  <body>
  <header>
  <h1>{{ title }}</h1>
  {% if summary %}<p class="summary">{{ summary }}</p>{% endif %}
  {% if facts %}<dl>
  {% for fact in facts %}<dt>{{ fact.name }}</dt><dd>{{ fact.value }}</dd>
  {% endfor %}</dl>{% endif %}
  </header>
  <main>
  {% if scores %}<section>
  <h2>Scores</h2>
  {% if verdict %}<p>{{ verdict }}</p>{% endif %}
  <div class="wide"><table>
  <thead><tr><th scope="col">what</th><th scope="col" class="number">value</th>\
  {% if haveUnits %}<th scope="col">unit</th>{% endif %}{% if haveBars %}<th scope="col">wanted</th>{% endif %}\
  {% if haveComparisons %}<th scope="col">beside</th>{% endif %}</tr></thead>
  <tbody>
  {% for score in scores %}<tr><td>{{ score.name }}</td><td class="number strong">{{ score.value }}</td>\
  {% if haveUnits %}<td>{{ score.unit }}</td>{% endif %}{% if haveBars %}<td class="bar">{{ score.wanted }}\
  {% if score.met %} <span class="{{ score.met }}">{{ score.met }}</span>{% endif %}</td>{% endif %}\
  {% if haveComparisons %}<td class="beside">{{ score.comparison }}</td>{% endif %}</tr>
  {% endfor %}</tbody>
  </table></div>
  </section>{% endif %}
  {% for table in tables %}<section>
  <h2>{{ table.title }}</h2>
  <div class="wide"><table>
  <thead><tr>{% for cell in table.columns %}<th scope="col" class="{{ cell.style }}">{{ cell.text }}</th>{% endfor %}\
  </tr></thead>
  <tbody>
  {% for row in table.rows %}<tr>{% for cell in row %}<td class="{{ cell.style }}">{{ cell.text }}</td>{% endfor %}</tr>
  {% endfor %}</tbody>
  </table></div>
  </section>{% endfor %}
  {% if figures %}<section>
  <h2>Pictures</h2>
  {% for figure in figures %}<figure>
  <div class="wide">{{ figure.picture }}</div>
  <details><summary>{{ figure.numbers.title }}</summary>
  {% if figure.numbers.note %}<p>{{ figure.numbers.note }}</p>{% endif %}
  <div class="wide"><table>
  <thead><tr>{% for cell in figure.numbers.columns %}<th scope="col" class="number">{{ cell.text }}</th>{% endfor %}\
  </tr></thead>
  <tbody>
  {% for row in figure.numbers.rows %}<tr>{% for cell in row %}<td class="number">{{ cell.text }}</td>{% endfor %}</tr>
  {% endfor %}</tbody>
  </table></div></details>
  </figure>
  {% endfor %}</section>{% endif %}
  {% if examples %}<section>
  <h2>Examples</h2>
  {% for example in examples %}<h3>{{ example.title }}</h3>
  <pre>{{ example.text }}</pre>
  {% endfor %}</section>{% endif %}
  </main>
  </body>
  </html>

  """
#endif
