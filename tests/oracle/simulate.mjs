// Answers requests with @cloud-copilot/iam-simulate: a JSON case a line in, an answer a line out.
//
// The package is under the AGPL. It is installed by whoever runs the test, in the folder that
// TRAILWRIGHT_TEST_ORACLE names, and runs in this process only.

import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const folder = resolve(process.env.TRAILWRIGHT_TEST_ORACLE)
const { runSimulation } = createRequire(join(folder, 'package.json'))('@cloud-copilot/iam-simulate')

const named = (policy, index) => ({ name: `policy${index}`, policy })

function simulation({ request, identity, boundary, service_control }) {
  return {
    request: {
      principal: request.principal,
      action: request.action,
      resource: { resource: request.resource, accountId: request.principal.split(':')[4] },
      contextVariables: request.context,
    },
    identityPolicies: identity.map(named),
    permissionBoundaryPolicies: boundary === null ? undefined : [named(boundary, 0)],
    serviceControlPolicies: service_control.map((level, index) => ({
      orgIdentifier: `level${index}`,
      policies: level.map(named),
    })),
    resourceControlPolicies: [],
  }
}

const answers = { Allowed: 'allowed', ExplicitlyDenied: 'explicit deny', ImplicitlyDenied: 'implicit deny' }

async function reply(sim) {
  try {
    const outcome = await runSimulation(sim, { simulationMode: 'Strict' })
    if (outcome.resultType === 'error') return { refused: JSON.stringify(outcome.errors) }
    // Keys that the action does not have in its context are not looked at.
    return { answer: answers[outcome.overallResult], ignored: outcome.result?.ignoredContextKeys ?? [] }
  } catch (error) {
    return { refused: error.message }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await reply(simulation(JSON.parse(line)))))
}
