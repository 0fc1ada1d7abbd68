const KIB = 1024

/** Values that a parse and a print would change, each as it is written. */
const odd: Readonly<Record<string, string>> = {
  'number spellings': '[1.0,1e3,1E+2,-0,0.10,-0.0e-5,100000000000000000000e-20]',
  'odd escapes': '"\\u0061\\/\\u00E9\\ud83d\\uDE00\\b\\u000a\\u2028 é💩"',
  'member order': '{"z":1,"a":2,"10":3,"9":4,"":5,"constructor":6,"a.b":7}',
  'space between tokens': '{ "a" :\t[ 1 , 2 ] , "b" : { } }',
  'nothing much': '[null,true,false,"",[],{},0]',
  'a deep value': `${'{"d":['.repeat(24)}1.0${']}'.repeat(24)}`,
  'protocol names where they mean nothing': '{"id":1.0,"name":"x","_meta":{"progressToken":1e0}}',
}

/** Beyond what a double holds; arguments may not have these yet. */
const LOSSY = '[9007199254740993,1e400,0.1000000000000000055511151231257827]'

const call = (params: string, envelope = ''): string =>
  `{"jsonrpc":"2.0"${envelope},"id":<ID>,"method":"tools/call","params":{${params}}}`

/** Requests of a client. `<META>` is where an era has its own members of `_meta`. */
export const requests: Readonly<Record<string, string>> = {
  ...mapped(odd, (value) =>
    call(`"name":"<NAME>","arguments":{"value":${value}},"_meta":{<META>}`),
  ),
  'unknown members everywhere': call(
    '"x-first":1.0,"name":"<NAME>","arguments":{"b":1,"a":1e0},"_meta":{"com.example/x":{"n":1.0},<META>,"x":"\\u0061"},"x-last":{"y":[1e1]}',
    ',"x-envelope":{"deep":[1.0]}',
  ),
  'arguments before the name': call('"arguments":{"a":1.0},"_meta":{<META>},"name":"<NAME>"'),
  'a name with an escape': call('"name":"\\u0065cho__echo","arguments":{},"_meta":{<META>}'),
  'a string of 900 KiB': call(
    `"name":"<NAME>","arguments":{"s":"${'é\\n'.repeat(225 * KIB)}"},"_meta":{<META>}`,
  ),
}

const result = (members: string): string => `{"jsonrpc":"2.0","id":<ID>,"result":{${members}}}`
const content = (block: string): string => result(`"content":[${block}]`)

/** Answers of a server. */
export const answers: Readonly<Record<string, string>> = {
  ...mapped({ ...odd, 'lossy numbers': LOSSY }, (value) =>
    result(`"content":[],"structuredContent":{"value":${value}},"x-more":${value}`),
  ),
  'a result with nothing in it': result(''),
  'unknown members everywhere': `{"x-a":1.0,"jsonrpc":"2.0","result":{"x-b":[1e0],"content":[{"x-c":1.0,"type":"text","annotations":{"x-d":-0},"text":"\\u0068i"}],"_meta":{"com.example/x":1.0}},"id":<ID>,"x-e":{}}`,
  'an unknown type of content': content('{"type":"hologram","frames":[1.0,{"z":1,"a":2}]}'),
  'no content': result('"x":1'),
  'content of a wrong type': result('"content":"text"'),
  'a failure with members': result(
    '"isError":true,"content":[{"type":"text","text":"\\u0021"}],"x":1e0',
  ),
  'a string of 1 MiB': content(`{"type":"text","text":"${'💩\\t'.repeat(175 * KIB)}"}`),
  'an answer 100 levels deep': result(
    `"structuredContent":{"a":${'['.repeat(96)}${']'.repeat(96)}}`,
  ),
}

/** Errors of a server, with the code that each era's client gets (MCP-83). */
export const errors = [
  { code: 17, modern: 17, legacy: 17 },
  { code: -32_000, modern: -32_000, legacy: -32_000 },
  { code: -32_603, modern: -32_603, legacy: -32_603 },
  { code: -32_002, modern: -32_602, legacy: -32_002 },
] as const

/** Definitions of tools; `echo` is the one that is called. */
export const tools: readonly string[] = [
  '{"name":"echo","inputSchema":{"type":"object"}}',
  '{"x-first":1.0,"name":"odd","title":"\\u0041\\/b","inputSchema":{"type":"object","x":1e0,"properties":{"b":{"type":"integer","maximum":1.0E2},"a":{}}},"annotations":{"x":-0},"x-last":{"z":1,"a":[1.0]}}',
  `{"name":"deep","inputSchema":{"type":"object","properties":{"p":${'{"anyOf":['.repeat(14)}{}${']}'.repeat(14)}}}}`,
  '{"name":"typed","inputSchema":{"type":"object","$schema":"http://json-schema.org/draft-07/schema#"},"outputSchema":{"type":"object","properties":{"n":{"const":1.0}}},"_meta":{"com.example/x":1.0}}',
]

function mapped(
  values: Readonly<Record<string, string>>,
  make: (value: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, make(value)]))
}
