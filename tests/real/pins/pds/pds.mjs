// A Bluesky account server and the directory of accounts it writes to, both on loopback, for one test.
// Arguments: a folder, two ports. It says "ready" on standard output once both answer.
import { createRequire } from 'node:module'
import { mkdirSync } from 'node:fs'

// By `require`: the directory's module exports nothing that an `import` of names would find.
const require = createRequire(import.meta.url)
const { PDS, envToCfg, envToSecrets } = require('@atproto/pds')
const { Secp256k1Keypair } = require('@atproto/crypto')
const plc = require('@did-plc/server')

const [folder, port, plcPort] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]

const hex = (bytes) => Buffer.from(bytes).toString('hex')

await plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort }).start()

mkdirSync(folder, { recursive: true })
const rotation = await Secp256k1Keypair.create({ exportable: true })
const env = {
  devMode: true,
  port,
  hostname: 'localhost',
  dataDirectory: folder,
  blobstoreDiskLocation: `${folder}/blobs`,
  didPlcUrl: `http://localhost:${plcPort}`,
  recoveryDidKey: (await Secp256k1Keypair.create()).did(),
  plcRotationKeyK256PrivateKeyHex: hex(await rotation.export()),
  adminPassword: 'only-for-this-test',
  jwtSecret: 'only-for-this-test-only-for-this-test',
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  rateLimitsEnabled: false,
  disableSsrfProtection: true,
  crawlers: [],
}
const server = await PDS.create(envToCfg(env), envToSecrets(env))
await server.start()
console.log('ready')
