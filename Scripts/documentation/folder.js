// Runs first on every page of the documentation.
//
// DocC's pages want a server: they read their content with fetch(), which browsers refuse on file:, and their addresses
// name folders, for which only a server looks up index.html. Here content comes from scripts instead, which any page may
// load, and addresses of folders get their index.html. On a server only the place of the site is found out.
(() => {
  const root = new URL(".", document.currentScript.src)
  window.baseUrl = root.pathname
  if (location.protocol !== "file:") return

  // Scripts/build-documentation.sh has put every X.json into a script X.json.js as well, which calls this.
  window.deliver = (content) => document.currentScript.take(content)

  window.fetch = (address) =>
    new Promise((resolve) => {
      const script = document.createElement("script")
      script.src = new URL(address, location).pathname.replace(/\/index\.html\.json$/, ".json") + ".js"
      script.take = (content) => resolve(new Response(JSON.stringify(content)))
      script.onerror = () => resolve(new Response("{}", { status: 404 }))
      document.head.append(script)
    })

  // The page of the site that a link leads to, as a file; a link to elsewhere, or to a file, as it is.
  const file = (address) => {
    const url = new URL(address, location)
    const isPage = url.protocol === "file:" && url.pathname.startsWith(root.pathname + "documentation")
    if (isPage && !url.pathname.endsWith("/index.html")) url.pathname = url.pathname.replace(/\/?$/, "/index.html")
    return url
  }

  for (const name of ["pushState", "replaceState"]) {
    const original = history[name]
    history[name] = (state, title, address) => {
      const url = file(address)
      if (url.pathname === location.pathname) original.call(history, state, title, url.hash || location.pathname)
      else location.assign(url)
    }
  }

  // A link that is opened in another tab does not go through the history.
  addEventListener(
    "pointerdown",
    (event) => {
      const link = event.target.closest?.("a[href]")
      if (link) link.href = file(link.href)
    },
    true)
})()
