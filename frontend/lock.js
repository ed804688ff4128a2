// The lock file without what npm adds for people alone: addresses of funding and of deprecations.
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = 'package-lock.json'
const lock = JSON.parse(readFileSync(FILE, 'utf8'))
for (const each of Object.values(lock.packages)) {
  delete each.funding
  delete each.deprecated
}
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`)
