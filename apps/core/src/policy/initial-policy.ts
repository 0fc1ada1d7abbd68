/**
 * The first version of a new workspace (POL-19): an agent that a person owns may do what that person may. Until rules
 * grant people something, that is nothing.
 */
export const initialPolicy = `# Rules of this workspace. Nothing is allowed that no rule allows.
rules:
  # An agent with an owner may do what its owner may, and no more.
  - id: agents-inherit
    scope:
      principals: [agent-label:owned]
      actions: [tool.call, resource.read, prompt.get, completion.get]
      resources: [any]
    effect: allow
`
