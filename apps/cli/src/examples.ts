/** What `--help` shows for commands whose use their arguments alone do not tell, by the words of the command. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  setup: ['peta setup --email ana@example.com --name Ana'],
  'server add': [
    'peta server add files -- npx -y @modelcontextprotocol/server-filesystem ~/notes',
    'peta server add weather --url https://mcp.example.com/mcp --no-connect',
  ],
  'server import': ['peta server import weather.json'],
  'server change': ['peta server change weather --url https://mcp.example.org/mcp'],
  'server accept': ['peta server accept files --item tool:read_text_file --label read'],
  'server reject': ['peta server reject files tool:move_file'],
  'secret put': ['peta secret put weather-key < key.txt'],
  'secret bind': [
    'peta secret bind weather-key weather --header X-Api-Key --host mcp.example.com:443 < key.txt',
    'peta secret bind weather-key files --env WEATHER_KEY < key.txt',
  ],
  'profile create': [
    'peta profile create reading --server files --tool "files/read_*"',
    'peta profile create files --server files --unprefixed files',
    'peta profile create everything --disclosure search --favourite notes/list_notes',
  ],
  'profile change': ['peta profile change reading --tool "files/read_*" --tool "files/list_*"'],
  'profile override': [
    'peta profile override reading files/read_text_file --suffix "Only notes are in here."',
    'peta profile override reading files/list_directory --pin path=/home/ana/notes',
  ],
  'agent create': ['peta agent create laptop --label coding'],
  'token issue': [
    'peta token issue laptop --life 28800',
    'peta token issue laptop --profile reading',
  ],
  'token rotate': ['peta token rotate laptop tok_01a2 --overlap 600'],
  bridge: ['peta bridge --agent laptop', 'peta bridge --agent laptop --profile coding'],
  'policy publish': ['peta policy publish rules.yaml --reason "writes ask"'],
  'policy explain': [
    `peta policy explain laptop files__read_text_file --args '{"path": "/tmp/a.txt"}'`,
  ],
  'approvals approve': ['peta approvals approve APR-1A2B3C4D'],
  'approvals deny': ['peta approvals deny APR-1A2B3C4D --reason "not on a Friday"'],
  'approvals resolve': [
    'peta approvals resolve APR-1A2B3C4D not-done --reason "the file is not there"',
  ],
  'audit list': ['peta audit list --type call.decided --outcome denied'],
  'audit export': ['peta audit export ./export'],
  'audit verify': ['peta audit verify ./export --keys keys.json'],
}
