// Images: the asked size and format, several, streamed, edited with a mask, varied; and known again as made here.

import { deflateSync, crc32 } from 'node:zlib';
import { OpenAI, all, every, file } from '../walk.mjs';

const [NEW, FREE] = ['gpt-image-1.5', 'gpt-image-2.5-flare'];

export default async function (t) {
  const { images } = t.client;
  const made = await images.generate({ prompt: 'a red fox', model: NEW, size: '1536x1024' });
  t.same([size(data(made)[0]), made.size, made.output_format], [[1536, 1024], '1536x1024', 'png']);
  t.same(made.usage.total_tokens, made.usage.input_tokens + made.usage.output_tokens);
  for (const [output_format, head] of [['jpeg', 'ffd8ff'], ['webp', '52494646'], ['gif', '47494638']]) {
    const [found] = data(await images.generate({ prompt: 'a lake', model: FREE, size: '96x32', output_format }));
    t.true(found.toString('hex').startsWith(head));
  }
  const three = await images.generate({ prompt: 'a lake', model: FREE, size: '96x96', n: 3 });
  t.same(new Set(three.data.map((item) => item.b64_json)).size, 3);
  const stream = { prompt: 'a tree', model: FREE, size: '96x96', stream: true, partial_images: 2 };
  const kinds = ['image_generation.partial_image', 'image_generation.partial_image', 'image_generation.completed'];
  t.same(await every('type', images.generate(stream)), kinds);
  await edited(t);
  const check = async (bytes) => (await t.client.contentProvenanceChecks.create({ file: file('a.png', bytes) })).results[0];
  t.same((await check(data(three)[0])).outcome, 'detected');
  t.same((await check(png(32, 32))).outcome, 'not_detected');
  await t.refused(OpenAI.BadRequestError, () => images.generate({ prompt: 'x', model: NEW, size: '512x512' }));
  const unsafe = { prompt: 'I will kill you and murder your family', model: NEW };
  t.same((await t.refused(OpenAI.BadRequestError, () => images.generate(unsafe))).code, 'moderation_blocked');
}

async function edited(t) {
  const { images } = t.client;
  const sent = () => file('a.png', png(64, 64));
  const mask = file('m.png', png(64, 64, [0, 0, 0, 0]));
  const made = await images.edit({ image: sent(), mask, prompt: 'snow', model: NEW, size: '1024x1024' });
  t.same(size(data(made)[0]), [1024, 1024]);
  const many = await images.edit({ image: [sent(), sent()], prompt: 'two', model: FREE, size: '64x64' });
  t.same(size(data(many)[0]), [64, 64]);
  const asked = { image: sent(), prompt: 'y', model: FREE, size: '64x64', stream: true, partial_images: 1 };
  const events = await all(images.edit(asked));
  t.same(events.map((event) => event.type), ['image_edit.partial_image', 'image_edit.completed']);
  const varied = await images.createVariation({ image: sent(), n: 2, size: '256x256', response_format: 'b64_json' });
  t.same(data(varied).map(size), [[256, 256], [256, 256]]);
}

const data = (made) => made.data.map((item) => Buffer.from(item.b64_json, 'base64'));
const size = (bytes) => [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];

/** A picture of one colour. */
function png(wide, high, colour = [255, 0, 0, 255]) {
  const row = Buffer.concat([Buffer.of(0), ...Array(wide).fill(Buffer.from(colour))]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(wide, 0);
  head.writeUInt32BE(high, 4);
  head.set([8, 6], 8);
  const chunks = [['IHDR', head], ['IDAT', deflateSync(Buffer.concat(Array(high).fill(row)))], ['IEND', Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks.map(([kind, body]) => chunk(kind, body))]);
}

function chunk(kind, body) {
  const [length, named, sum] = [Buffer.alloc(4), Buffer.concat([Buffer.from(kind), body]), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
