/** Texts that mutations start from, and pieces that they put in: whatever JSON readers have stumbled over. */
const BASES = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a__b","arguments":{"x":[1,-0,1.0,1e3,9007199254740993]},"_meta":{"progressToken":"t","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}',
  '{"jsonrpc":"2.0","id":"é\\ud83d\\ude00","method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p","uri":"x:y"},"argument":{"name":"n","value":""},"context":{}}}',
  '{ "params" : { "uri" : "file:///a\\/b" , "cursor" : null } , "method" : "resources/read" , "id" : -1 , "jsonrpc" : "2.0" }',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"\\u0000\\n\\"\\\\"}}',
  '{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"hi"}],"_meta":{}}}',
  `{"${'long name '.repeat(9)}\\n":1,"id":2}`,
  `{"long":"${'plain text '.repeat(12)}","deep":${'['.repeat(60)}${']'.repeat(60)}}`,
  '{"\\u0061":1,"b":2,"c":{"b":3}}',
  `{${Array.from({ length: 18 }, (_, index) => `"m${index}":0`).join(',')}}`,
  '[{"jsonrpc":"2.0"},[],{},"",0,true,false,null]',
]

const PIECES = [
  '"a":1,',
  '"b":2,',
  '"\\u0062":2,',
  '"m7":1,',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '\\',
  '\\"',
  '\\u',
  '\\u0061',
  '\\ud83d',
  '\\ude00',
  '/',
  'null',
  'true',
  'fals',
  'NaN',
  'Infinity',
  '-',
  '+1',
  '0',
  '-0',
  '00',
  '1.',
  '.5',
  '1e',
  '1E+5',
  '0.10000000000000000555',
  '1e400',
  '9007199254740992',
  '1e-400',
  '123456789012345678',
  '1.50e1',
  '"id":1,',
  '"Id":1,',
  '"i\\u0064":1,',
  '"name":"x",',
  '"NAME":1,',
  '"__proto__":1,',
  '"_meta":{},',
  '"params":{}',
  '"arguments":{"a":1,"a":2}',
  '"\\u005f_proto__":0,',
  '"ſlot":0,',
  '"taſk":1,',
  '\u0000',
  '\t',
  '\n',
  '\r',
  ' ',
  '\u00a0',
  '\u2028',
  '\ufeff',
  'é',
  '💩',
  '\u007f',
  '[[[[[[[[',
  ']]]]]]]]',
  '{"a":'.repeat(8),
  '1'.repeat(65),
  `0.${'0'.repeat(70)}1`,
  'x'.repeat(80),
].map((piece) => Buffer.from(piece))

const RAW = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0x80],
]
const INSERTED = [...PIECES, ...RAW.map((bytes) => Buffer.from(bytes))]
const EDITS_MAX = 4

type Random = () => number

const below = (random: Random, end: number): number => Math.floor(random() * end)

/** @throws RangeError for an empty list */
function pick<T>(random: Random, all: readonly T[]): T {
  const one = all[below(random, all.length)]
  if (one === undefined) throw new RangeError('nothing to pick from')
  return one
}

/** A text that is nearly JSON: one of the bases, or another that is given, with a few edits. */
export function mutated(random: Random, others: readonly Buffer[] = []): Buffer {
  const bases = [...BASES.map((text) => Buffer.from(text)), ...others]
  let bytes = pick(random, bases)
  for (let edits = below(random, EDITS_MAX + 1); edits > 0; edits -= 1) {
    bytes = edit(random, bytes, pick(random, bases))
  }
  return bytes
}

function edit(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const at = below(random, bytes.length + 1)
  const end = Math.min(bytes.length, at + below(random, 12))
  const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)]
  switch (below(random, 7)) {
    case 0:
      return Buffer.concat([head, pick(random, INSERTED), middle, tail])
    case 1:
      return Buffer.concat([head, pick(random, INSERTED), tail])
    case 2:
      return Buffer.concat([head, tail])
    case 3:
      return Buffer.concat([head, middle, middle, tail])
    case 4:
      return Buffer.concat([head, Buffer.from([below(random, 256)]), tail])
    case 5:
      return Buffer.concat([head, other.subarray(below(random, other.length))])
    default:
      return head.length > 0 ? head : tail
  }
}
