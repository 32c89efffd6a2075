// Realtime over REST: keys that open it for a while, sessions, calls over WebRTC.  Live sessions: connected, heard, forked.

import { OpenAI, bytes } from '../walk.mjs';

const sdp = `v=0
o=- 46117317 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=setup:actpass
a=rtpmap:111 opus/48000/2
`.replaceAll('\n', '\r\n');

export default async function (t) {
  const { calls, clientSecrets, translations } = t.client.realtime;
  const session = { type: 'realtime', instructions: 'Hi', audio: { output: { voice: 'marin' } } };
  const made = await clientSecrets.create({ expires_after: { anchor: 'created_at', seconds: 30 }, session });
  t.same([made.session.instructions, made.session.audio.output.voice], ['Hi', 'marin']);
  const opened = t.make(made.value);
  t.true((await (await opened.realtime.calls.create({ sdp })).text()).startsWith('v=0\r\n'));
  await t.refused(OpenAI.PermissionDeniedError, () => opened.models.list());
  await t.house.wait(31);
  await t.refused(OpenAI.AuthenticationError, () => opened.realtime.calls.create({ sdp }));
  const wanted = { model: 'gpt-realtime-translate', audio: { output: { language: 'fr' } } };
  t.same((await translations.clientSecrets.create({ session: wanted })).session.audio.output.language, 'fr');

  const reply = await calls.create({ sdp, session: { type: 'realtime', model: 'gpt-realtime' } });
  t.same([reply.status, reply.headers.get('content-type')], [201, 'application/sdp']);
  const call = reply.headers.get('location').split('/').at(-1);
  await t.refused(OpenAI.BadRequestError, () => calls.accept(call, { type: 'realtime' }));
  await t.refused(OpenAI.BadRequestError, () => calls.reject(call));
  await t.refused(OpenAI.BadRequestError, () => calls.refer(call, { target_uri: 'tel:+14155550123' }));
  await calls.hangup(call);
  await t.gone(() => calls.hangup(call));
  const old = await t.client.beta.realtime.sessions.create({ model: 'gpt-4o-realtime-preview', voice: 'sage' });
  t.same([old.voice, old.client_secret.value.slice(0, 3)], ['sage', 'ek_']);
  const heard = await t.client.beta.realtime.transcriptionSessions.create({ input_audio_transcription: { model: 'whisper-1' } });
  t.same(heard.input_audio_transcription.model, 'whisper-1');
  await ringing(t);
  await live(t);
}

async function ringing(t) {
  const { calls } = t.client.realtime;
  const { sessions } = t.client.live;
  const [first, second, third, fourth] = [await t.house.call(), await t.house.call(), await t.house.call(), await t.house.call()];
  await calls.accept(first.call_id, { type: 'realtime', instructions: 'Be kind.' });
  await t.gone(() => sessions.hangup(first.session_id));
  await calls.refer(first.call_id, { target_uri: 'tel:+14155550123' });
  await calls.reject(second.call_id, { status_code: 486 });
  const session = { type: 'live', model: 'gpt-live-1' };
  await sessions.accept(third.session_id, { session });
  await sessions.refer(third.session_id, { target_uri: 'sip:agent@example.com' });
  await sessions.reject(fourth.session_id, { status_code: 486 });
  await t.gone(
    () => calls.hangup(first.call_id),
    () => calls.accept(second.call_id, { type: 'realtime' }),
    () => sessions.hangup(third.session_id),
    () => sessions.accept(fourth.session_id, { session }),
  );
}

async function live(t) {
  const { sessions } = t.client.live;
  const transport = { type: 'webrtc', sdp };
  const { session } = await t.client.live.create({ session: { model: 'gpt-live-1', store: true }, transport });
  t.true(session.id.startsWith('live_'));
  const given = { session: { type: 'live', model: 'gpt-live-1' } };
  await t.refused(OpenAI.BadRequestError, () => sessions.accept(session.id, given));
  await t.refused(OpenAI.BadRequestError, () => sessions.reject(session.id, { status_code: 486 }));
  await t.refused(OpenAI.BadRequestError, () => sessions.refer(session.id, { target_uri: 'sip:a@example.com' }));
  await t.house.wait(90);
  await sessions.hangup(session.id);
  t.same(String((await bytes(sessions.downloadRecording(session.id))).subarray(0, 4)), 'RIFF');
  const forked = await sessions.fork(session.id, { transport });
  t.true(forked.session.id !== session.id);
  await t.house.wait(3601);
  await t.gone(() => sessions.hangup(session.id), () => sessions.hangup(forked.session.id));
}
