#!/usr/bin/env node
// Runs on every Node since 10, as a script or a module, to say what to do on those that are too old for the rest.
/* eslint-disable */
var version = process.versions.node.split('.').map(Number)
if (version[0] < 22 || (version[0] === 22 && version[1] < 20)) {
  console.error(
    'E_NODE_VERSION  mrrl needs Node 22.20 or later, this is ' +
      process.versions.node +
      '. Install the pinned one with: npx -y -p node@24 -- npm ci'
  )
  process.exitCode = 2
} else {
  start()
}

function start() {
  import('node:os')
    .then(function (os) {
      // zlib and zstd run on these threads, of which there would be four; read when the first is needed.
      if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = String(Math.max(4, os.cpus().length))
      return import('node:module')
    })
    .then(function (nodeModule) {
      // In the user's own folder: whoever writes the cache decides what runs.
      var cache = process.env.XDG_CACHE_HOME || (process.env.HOME || '/nonexistent') + '/.cache'
      var home = process.env.MRRL_HOME || cache + '/mrrl'
      if (!process.env.NODE_COMPILE_CACHE) nodeModule.enableCompileCache(home + '/compile-cache')
      quiet('Type Stripping')
      return import('../src/cli/main.ts').catch(function (error) {
        // The published package holds no sources.
        if (error.code === 'ERR_MODULE_NOT_FOUND' && /\/src\/cli\/main\.ts$/.test(error.url)) {
          return import('../dist/src/cli/main.js')
        }
        throw error
      })
    })
    .then(function (cli) {
      return cli.main()
    })
    .catch(function (error) {
      var hint = error && error.code === 'ERR_MODULE_NOT_FOUND' ? ' Run: npx -y -p node@24 -- npm ci' : ''
      console.error('E_INTERNAL  mrrl cannot start: ' + (error && error.message) + hint)
      process.exitCode = 1
    })
}

/** Node 22 warns that running TypeScript is experimental; the user cannot do anything about it. */
function quiet(subject) {
  var emitWarning = process.emitWarning
  process.emitWarning = function (warning, type) {
    if (type === 'ExperimentalWarning' && String(warning).indexOf(subject) === 0) return
    emitWarning.apply(process, arguments)
  }
}
