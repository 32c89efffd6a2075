// Audio: what is spoken is heard again, in every format and shape; captions, streams, speakers; voices of one's own.

import { OpenAI, all, bytes, every, file } from '../walk.mjs';

const TEXT = 'Hello there, this is a tour. Is 7 a number?';

export default async function (t) {
  const { audio } = t.client;
  const spoken = (input, more = {}) =>
    bytes(audio.speech.create({ model: 'tts-1', voice: 'alloy', input, response_format: 'wav', ...more }));
  const heard = (data, more = {}, name = 'a.wav') =>
    audio.transcriptions.create({ model: 'whisper-1', file: file(name, data), ...more });
  for (const response_format of ['mp3', 'wav', 'flac']) {
    const data = await spoken(TEXT, { response_format });
    t.same((await heard(data, {}, `a.${response_format}`)).text, TEXT);
  }
  const data = await spoken('One. Two.');
  const shape = { response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] };
  const verbose = await heard(data, shape);
  t.same(verbose.words.map((word) => word.word), ['One.', 'Two.']);
  t.same(verbose.segments.map((segment) => segment.text.trim()), ['One.', 'Two.']);
  t.true((await heard(data, { response_format: 'srt' })).startsWith('1\n00:00:0'));
  t.true((await heard(data, { response_format: 'vtt' })).startsWith('WEBVTT\n\n'));
  t.same((await audio.translations.create({ model: 'whisper-1', file: file('a.wav', data) })).text, 'One. Two.');
  const mp3 = { response_format: 'mp3' };
  const both = Buffer.concat([await spoken('Hi.', mp3), await spoken('Yes?', { ...mp3, voice: 'nova' })]);
  const diarized = { model: 'gpt-4o-transcribe-diarize', response_format: 'diarized_json' };
  const told = await heard(both, diarized, 'a.mp3');
  t.same(told.segments.map((part) => [part.speaker, part.text]), [['A', 'Hi.'], ['B', 'Yes?']]);
  const events = await all(heard(await spoken(TEXT), { model: 'gpt-4o-transcribe', stream: true }));
  t.same([events.slice(0, -1).map((event) => event.delta).join(''), events.at(-1).text], [TEXT, TEXT]);
  t.same((await t.refused(OpenAI.BadRequestError, () => spoken('x', { voice: 'nobody' }))).param, 'voice');
  await voices(t, spoken, heard);
}

async function voices(t, spoken, heard) {
  const { voiceConsents, voices } = t.client.audio;
  const sample = file('me.wav', await spoken('I agree.'));
  const made = await voiceConsents.create({ name: 'me', language: 'en-US', recording: sample });
  t.same((await voiceConsents.update(made.id, { name: 'you' })).name, 'you');
  t.same((await voiceConsents.retrieve(made.id)).name, 'you');
  t.same(await every('id', voiceConsents.list()), [made.id]);
  const voice = await voices.create({ name: 'mine', consent: made.id, audio_sample: sample, type: 'audio_sample' });
  const own = { voice: { id: voice.id } };
  t.same((await heard(await spoken('hi', own))).text, 'hi');
  t.same((await voices.delete(voice.id)).deleted, true);
  t.same((await voiceConsents.delete(made.id)).deleted, true);
  await t.gone(() => spoken('hi', own), () => voiceConsents.retrieve(made.id));
}
