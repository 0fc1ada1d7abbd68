/** The demo's rules. They stand as a guide writes them, so that `peta policy show` reads well. */
export const demoRules = `# Reads run, writes wait for a person, deletes are denied. Nothing else runs at all.
rules:
  - id: agents-inherit
    scope:
      principals: ["agent-label:owned"]
      actions: [tool.call, resource.read, prompt.get, completion.get]
      resources: [any]
    effect: allow
    reason: An agent may do what the person who owns it may do.

  - id: reads-run
    scope: { principals: [any], actions: [tool.call], resources: ["label:read"] }
    effect: allow

  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["label:write"] }
    effect: require_approval
    reason: A person looks at every change before it is made.
    obligations: { approval: { decide_by: 15m, execute_by: 5m } }

  - id: deletes-denied
    scope: { principals: [any], actions: [tool.call], resources: ["label:destructive"] }
    effect: deny
    reason: Nothing is deleted through agents.
`
