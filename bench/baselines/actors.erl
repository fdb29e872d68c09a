#!/usr/bin/env escript
%% The workloads of suite `actors` in Erlang: `escript actors.erl tell 10 100000`. Ends with one line: the figure, and what was counted.
%% The time of the virtual machine's start, and that of spawning what is not measured, is not in the figure.
-mode(compile).

main([Result | Sizes]) ->
    {Figure, Count} = run(Result, [list_to_integer(Size) || Size <- Sizes]),
    io:format("~p ~p~n", [Figure, Count]).

now_us() -> erlang:monotonic_time(microsecond).
per_second(Count, StartUs) -> Count * 1000000 / max(1, now_us() - StartUs).

%% Senders tell receivers, which count.
run("tell", [Pairs, Count]) ->
    Main = self(),
    Receivers = [spawn(fun() -> receiver(Main, Count, 0) end) || _ <- lists:seq(1, Pairs)],
    StartUs = now_us(),
    [spawn(fun() -> [Receiver ! {hit, N} || N <- lists:seq(1, Count)] end) || Receiver <- Receivers],
    Counted = lists:sum([receive {counted, N} -> N end || _ <- Receivers]),
    {per_second(Counted, StartUs), Counted};
run("tell-local", Sizes) -> run("tell", Sizes);

%% One ask after the other: the median in microseconds.
run("ask-p50", [Count]) ->
    One = spawn(fun() -> answerer() end),
    Times = [begin
                 From = erlang:monotonic_time(nanosecond),
                 N = ask(One, N),
                 erlang:monotonic_time(nanosecond) - From
             end || N <- lists:seq(1, Count)],
    {lists:nth((Count + 1) div 2, lists:sort(Times)) / 1000, length(Times)};

%% Spawns processes, until the last ones answer.
run("spawn", [Count]) ->
    StartUs = now_us(),
    All = [spawn(fun() -> answerer() end) || _ <- lists:seq(1, Count)],
    [N = ask(One, N) || {N, One} <- lists:enumerate(lists:nthtail(max(0, Count - 100), All))],
    {per_second(Count, StartUs), length(All)};

%% A token goes round a ring.
run("ring", [Size, Hops]) ->
    Main = self(),
    [First | _] = Links = [spawn(fun() -> link_of_ring(Main) end) || _ <- lists:seq(1, Size)],
    lists:foreach(fun({Own, Next}) -> Own ! {next, Next} end, lists:zip(Links, tl(Links) ++ [First])),
    StartUs = now_us(),
    First ! {token, Hops},
    Last = receive {ended, Who} -> Who end,
    Rate = per_second(Hops, StartUs),
    Last = lists:nth(Hops rem Size + 1, Links),
    {Rate, Hops};

%% Each pings each other one, and is answered.
run("big", [Size, Meetings]) ->
    Main = self(),
    Wanted = Meetings * (Size - 1),
    Peers = [spawn(fun() -> peer(Main, Wanted, 0, 0) end) || _ <- lists:seq(1, Size)],
    StartUs = now_us(),
    [Peer ! {meet, Peers} || _ <- lists:seq(1, Meetings), Peer <- Peers],
    [receive done -> ok end || _ <- Peers],
    Rate = per_second(2 * Size * Wanted, StartUs),
    Counts = [begin Peer ! {counts, Main}, receive {counts, Pings, Pongs} -> Pings + Pongs end end || Peer <- Peers],
    {Rate, lists:sum(Counts)};

%% Tellers have accounts send money to each other. What is counted is the money.
run("bank", [Accounts, Tellers, Transfers, Cents]) ->
    Main = self(),
    All = list_to_tuple([spawn(fun() -> account(Cents) end) || _ <- lists:seq(1, Accounts)]),
    StartUs = now_us(),
    [spawn(fun() -> teller(Main, All, Teller * Transfers, Transfers) end) || Teller <- lists:seq(0, Tellers - 1)],
    Done = lists:sum([receive {done, N} -> N end || _ <- lists:seq(1, Tellers)]),
    Rate = per_second(Done, StartUs),
    Done = Tellers * Transfers,
    Balances = [begin Account ! {balance, Main}, receive {balance, Left} -> true = Left >= 0, Left end end
                || Account <- tuple_to_list(All)],
    {Rate, lists:sum(Balances)}.

receiver(Main, Wanted, Wanted) -> Main ! {counted, Wanted};
receiver(Main, Wanted, Count) -> receive {hit, _} -> receiver(Main, Wanted, Count + 1) end.

answerer() -> receive {ask, From, Ref, N} -> From ! {Ref, N}, answerer() end.
ask(To, N) ->
    Ref = make_ref(),
    To ! {ask, self(), Ref, N},
    receive {Ref, Answer} -> Answer end.

link_of_ring(Main) -> receive {next, Next} -> link_of_ring(Main, Next) end.
link_of_ring(Main, Next) ->
    receive
        {token, 0} -> Main ! {ended, self()};
        {token, Hops} -> Next ! {token, Hops - 1}, link_of_ring(Main, Next)
    end.

peer(Main, Wanted, Pings, Pongs) ->
    receive
        {meet, Peers} ->
            [Peer ! {ping, self()} || Peer <- Peers, Peer =/= self()],
            peer(Main, Wanted, Pings, Pongs);
        {ping, From} -> From ! pong, peer(Main, Wanted, Pings + 1, Pongs);
        pong when Pongs + 1 =:= Wanted -> Main ! done, peer(Main, Wanted, Pings, Pongs + 1);
        pong -> peer(Main, Wanted, Pings, Pongs + 1);
        {counts, From} -> From ! {counts, Pings, Pongs}, peer(Main, Wanted, Pings, Pongs)
    end.

account(Cents) ->
    receive
        {send, Amount, _, Teller} when Amount > Cents -> Teller ! refused, account(Cents);
        {send, Amount, To, Teller} -> To ! {deposit, Amount, Teller}, account(Cents - Amount);
        {deposit, Amount, Teller} -> Teller ! sent, account(Cents + Amount);
        {balance, From} -> From ! {balance, Cents}, account(Cents)
    end.

teller(Main, Accounts, From, Count) ->
    [begin
         {Source, Target, Cents} = transfer(N, tuple_size(Accounts)),
         element(Source + 1, Accounts) ! {send, Cents, element(Target + 1, Accounts), self()}
     end || N <- lists:seq(From, From + Count - 1)],
    [receive sent -> ok; refused -> ok end || _ <- lists:seq(1, Count)],
    Main ! {done, Count}.

%% As in transfers.ts.
transfer(N, Accounts) ->
    Source = scattered(2 * N + 1) rem Accounts,
    Target = (Source + 1 + scattered(2 * N + 2) rem (Accounts - 1)) rem Accounts,
    {Source, Target, 1 + N rem 100}.

scattered(N) ->
    First = ((N bxor (N bsr 16)) * 16#45d9f3b) band 16#ffffffff,
    First bxor (First bsr 16).
