/* The sending protocol: two workers, one group of two jobs, the provider, its webhook, the sweep, every crash.
 *
 *   ready -claim-> claimed -intent-> sending -bytes-> provider -answer-> accepted | ready | failed | unknown
 *
 * A process's step is one committed statement of system/storage, or one thing that happens on the network.
 * -DNAME breaks the protocol on purpose; every such model must end in an error (README.md beside this file).
 */

#ifndef CRASHES
#define CRASHES 1       /* workers that die, anywhere between claim and recorded answer */
#endif
#ifndef ZOMBIES
#define ZOMBIES 1       /* leases that lapse although their worker lives, and wakes later */
#endif
#define MOST_ATTEMPTS 2 /* the last refusal is a failure */
#define RELEASES 1      /* intents given back before a byte left */
#define UNHEARD 1       /* commits of intents after which the worker saw an error */
#define TELLINGS 2      /* webhook posts about one mail: an event may come again */

mtype = { READY, CLAIMED, SENDING, UNKNOWN, ACCEPTED, FAILED, INDETERMINATE };
mtype = { NOTHING, HELD, INTENDED, POSTED, YES, REFUSED, REJECTED, AMBIGUOUS };

#define K(w, j) ((w) * 2 + (j))

/* The database. A worker forgets its claims when it makes new ones, so its number serves as the token. */
mtype state[2] = READY;
byte token[2];    /* who holds the claim: worker + 1 */
byte attempts[2]; /* committed intents */
bool inbox[2];    /* a post that nobody has applied */

/* The workers' memory of each mail, lost in a crash. */
mtype mail[4] = NOTHING;
byte mine[4];     /* the attempt that this worker believes to make */
bool too_late[4]; /* longer ago than lease and resolution deadline together, by the worker's own clock */

/* The network and the provider. */
byte flying[4];   /* requests whose bytes have left and that nobody has taken yet */
byte flown[4];    /* the attempt they carry */
byte accepted[2];
byte told[2];

byte crashes = CRASHES, zombies = ZOMBIES, releases = RELEASES, unheard = UNHEARD;

#define ENDED(j) (state[j] == ACCEPTED || state[j] == FAILED || state[j] == INDETERMINATE)
#define IDLE(w) (mail[K(w, 0)] == NOTHING && mail[K(w, 1)] == NOTHING)
#define HOLDS(w) (mail[K(w, 0)] == HELD || mail[K(w, 1)] == HELD)
#define QUIET(j) (flying[K(0, j)] == 0 && flying[K(1, j)] == 0)

inline forget(k) { mail[k] = NOTHING; mine[k] = 0; too_late[k] = false }

inline claim(w, j) { state[j] = CLAIMED; token[j] = w + 1; mail[K(w, j)] = HELD }

#ifdef NO_FENCE
#define MAY_INTEND(w, j) true
#else
#define MAY_INTEND(w, j) (state[j] == CLAIMED && token[j] == w + 1)
#endif

inline intend(w, j) {
  if
  :: mail[K(w, j)] == HELD && MAY_INTEND(w, j) ->
    state[j] = SENDING; attempts[j]++; mine[K(w, j)] = attempts[j]; mail[K(w, j)] = INTENDED
  :: mail[K(w, j)] == HELD && !(MAY_INTEND(w, j)) -> forget(K(w, j))
  :: else
  fi
}

/* An answer moves a job only under the token and the attempt that it was made with. */
#define MAY_RECORD(w, j) (state[j] == SENDING && token[j] == w + 1 && attempts[j] == mine[K(w, j)])

inline record(w, j) {
  if
  :: MAY_RECORD(w, j) ->
    token[j] = 0;
    if
    :: mail[K(w, j)] == YES -> state[j] = ACCEPTED
    :: mail[K(w, j)] == REFUSED && attempts[j] < MOST_ATTEMPTS -> state[j] = READY
    :: mail[K(w, j)] == REFUSED && attempts[j] >= MOST_ATTEMPTS -> state[j] = FAILED
    :: mail[K(w, j)] == REJECTED -> state[j] = FAILED
#ifdef RESEND_AMBIGUOUS
    :: mail[K(w, j)] == AMBIGUOUS -> state[j] = READY
#else
    :: mail[K(w, j)] == AMBIGUOUS -> state[j] = UNKNOWN
#endif
    :: mail[K(w, j)] == INTENDED -> state[j] = READY /* released: no byte has left */
    fi
  :: else
  fi;
  forget(K(w, j))
}

#ifdef INTENT_AFTER_POST
#define MAY_POST(k) (mail[k] == HELD)
#elif defined(NO_LATE_CHECK)
#define MAY_POST(k) (mail[k] == INTENDED)
#else
#define MAY_POST(k) (mail[k] == INTENDED && !too_late[k])
#endif

#define HANDLE(w, j) \
  :: atomic { MAY_POST(K(w, j)) -> \
       if :: mail[K(w, j)] == HELD -> mine[K(w, j)] = attempts[j] + 1 :: else fi; \
       flying[K(w, j)]++; flown[K(w, j)] = mine[K(w, j)]; mail[K(w, j)] = POSTED } \
  :: atomic { mail[K(w, j)] == POSTED -> mail[K(w, j)] = AMBIGUOUS /* timeout or reset */ } \
  :: atomic { mail[K(w, j)] >= AMBIGUOUS && mail[K(w, j)] <= YES -> record(w, j) } \
  :: atomic { mail[K(w, j)] == INTENDED && too_late[K(w, j)] -> record(w, j) } \
  :: atomic { mail[K(w, j)] == INTENDED && releases > 0 -> releases--; record(w, j) }

proctype Worker(byte w) {
end:
  do
  :: atomic { IDLE(w) && state[0] == READY -> claim(w, 0);
       if :: state[1] == READY -> claim(w, 1) :: true /* a group of one */ fi }
  :: atomic { IDLE(w) && state[1] == READY -> claim(w, 1) }
  :: atomic { HOLDS(w) -> intend(w, 0); intend(w, 1) }
  :: atomic { HOLDS(w) && unheard > 0 -> unheard--; /* committed, and the worker saw an error: all is given back */
       intend(w, 0); intend(w, 1);
       if :: mail[K(w, 0)] == INTENDED -> record(w, 0) :: else fi;
       if :: mail[K(w, 1)] == INTENDED -> record(w, 1) :: else fi }
  HANDLE(w, 0)
  HANDLE(w, 1)
  :: atomic { !IDLE(w) && crashes > 0 -> crashes--; forget(K(w, 0)); forget(K(w, 1)) }
  od
}

inline take(k, j) {
  flying[k]--;
  if
  :: accepted[j]++;
    assert(accepted[j] == 1);        /* I1 one_mail_per_user_week */
    assert(flown[k] <= attempts[j]); /* I8 intent_before_bytes */
    assert(!ENDED(j));               /* I9 nothing_after_terminal */
    if :: mail[k] == POSTED -> mail[k] = YES :: true /* the answer is lost */ fi
  :: mail[k] == POSTED -> mail[k] = REFUSED
  :: mail[k] == POSTED -> mail[k] = REJECTED
  :: true /* the bytes are lost on the way */
  fi;
  if :: flying[k] == 0 -> flown[k] = 0 :: else fi
}

active proctype Provider() {
end:
  do
  :: atomic { flying[0] > 0 -> take(0, 0) }
  :: atomic { flying[1] > 0 -> take(1, 1) }
  :: atomic { flying[2] > 0 -> take(2, 0) }
  :: atomic { flying[3] > 0 -> take(3, 1) }
  od
}

#define TELL(j) \
  :: atomic { accepted[j] > 0 && told[j] < TELLINGS && !inbox[j] -> told[j]++; \
       if :: inbox[j] = true :: true /* lost */ fi } \
  :: atomic { inbox[j] -> inbox[j] = false; assert(state[j] != FAILED); \
       if :: state[j] != INDETERMINATE -> state[j] = ACCEPTED; token[j] = 0 :: else fi }

active proctype Webhook() {
end:
  do
  TELL(0)
  TELL(1)
  od
}

/* A lease lapses when its worker is dead, or slow. No request flies as long as the resolution deadline lasts. */
#define DEAD(j) (mail[token[j] * 2 - 2 + j] == NOTHING)
#ifdef IGNORE_INBOX
#define SETTLED(j) true
#else
#define SETTLED(j) (!inbox[j])
#endif
#ifdef RESEND_UNKNOWN
#define LAPSED READY
#else
#define LAPSED UNKNOWN
#endif

#define SWEEP(j) \
  :: atomic { state[j] == CLAIMED && (DEAD(j) || zombies > 0) -> \
       if :: DEAD(j) :: else -> zombies-- fi; state[j] = READY; token[j] = 0 } \
  :: atomic { state[j] == SENDING && (DEAD(j) || zombies > 0) -> \
       if :: DEAD(j) :: else -> zombies-- fi; state[j] = LAPSED; token[j] = 0 } \
  :: atomic { state[j] == UNKNOWN && QUIET(j) && SETTLED(j) -> \
       assert(!inbox[j]); /* I6: evidence that came in time counts */ \
       state[j] = INDETERMINATE; \
       if :: mail[K(0, j)] == INTENDED -> too_late[K(0, j)] = true :: else fi; \
       if :: mail[K(1, j)] == INTENDED -> too_late[K(1, j)] = true :: else fi }

#ifndef NO_SWEEP
active proctype Sweep() {
end:
  do
  SWEEP(0)
  SWEEP(1)
  od
}
#endif

init {
  atomic { run Worker(0); run Worker(1) };
  timeout -> assert(ENDED(0) && ENDED(1)) /* I3 total_and_explained: nothing more can happen, all has ended */
}
