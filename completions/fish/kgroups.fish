# fish completion of kgroups; generated, do not edit
function __kgroups_where
    set -l words (commandline -opc)
    for i in (seq (count $words))
        switch $words[$i]
            case -b --bootstrap-server -C --profile -F --command-config -X
                printf '%s\n' $words[$i..(math $i + 1)]
            case '--bootstrap-server=*' '--profile=*' '--command-config=*'
                echo $words[$i]
        end
    end
end
complete -c kgroups -s b -l bootstrap-server -r -f -d 'brokers to begin with, by commas'
complete -c kgroups -s X -r -f -d 'any client property; '\''list'\'' and '\''dump'\'' show them'
complete -c kgroups -s F -l command-config -r -d 'client properties from a file'
complete -c kgroups -s C -l profile -r -f -d 'profile of the configuration file'
complete -c kgroups -l timeout -r -f -d 'limit for the whole operation'
complete -c kgroups -s o -l output -r -f -a 'table wide json jsonl yaml csv name help' -d 'table, wide, json, jsonl, yaml, csv, name, or help for the fields'
complete -c kgroups -l no-header -f -d 'tables and CSV without their first line'
complete -c kgroups -s y -l yes -f -d 'apply without asking'
complete -c kgroups -l dry-run -f -d 'show what would change; exit 5 if anything'
complete -c kgroups -l connect-timeout -r -f -d 'limit for connecting'
complete -c kgroups -l color -r -f -a 'auto always never' -d 'auto, always or never'
complete -c kgroups -s q -l quiet -f -d 'no notices on stderr'
complete -c kgroups -s v -l verbose -f -d 'what the client does; twice: its requests'
complete -c kgroups -n __fish_use_subcommand -f -a list -d 'Show groups.'
complete -c kgroups -n __fish_use_subcommand -f -a describe -d 'Show groups with their members, offsets and lag.'
complete -c kgroups -n __fish_use_subcommand -f -a reset -d 'Move the committed offsets of a group that nobody is connected to.'
complete -c kgroups -n __fish_use_subcommand -f -a delete -d 'Delete groups that nobody is connected to.'
complete -c kgroups -n __fish_use_subcommand -f -a delete-offsets -d 'Forget committed offsets of topics.'
complete -c kgroups -n __fish_use_subcommand -f -a lag -d 'Show committed offsets and what is behind them, of all groups without GROUP.'
complete -c kgroups -n __fish_use_subcommand -f -a members -d 'Show the members of groups; with -o wide what they have.'
complete -c kgroups -n __fish_use_subcommand -f -a clone -d 'Commit the offsets of one group to another that nobody is connected to.'
complete -c kgroups -n __fish_use_subcommand -f -a wait -d 'Wait until a group has caught up; 3 when --timeout comes first.'
complete -c kgroups -n '__fish_seen_subcommand_from list' -l state -r -f -d 'only in these states, as Stable,Empty'
complete -c kgroups -n '__fish_seen_subcommand_from list' -l type -r -f -d 'only classic, consumer, share or streams'
complete -c kgroups -n '__fish_seen_subcommand_from describe' -l section -r -f -a 'all summary lag members' -d 'only summary, lag or members'
complete -c kgroups -n '__fish_seen_subcommand_from describe' -l only-lag -f -d 'only what lags'
complete -c kgroups -n '__fish_seen_subcommand_from describe' -s t -l topic -r -f -a '(ktopics list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)' -d 'only these'
complete -c kgroups -n '__fish_seen_subcommand_from describe' -l isolation-level -r -f -a 'read_committed read_uncommitted' -d 'count lag to the end of read_committed or read_uncommitted'
complete -c kgroups -n '__fish_seen_subcommand_from describe' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from reset' -l to -r -f -d 'earliest, latest, latest-5, current, 42, +10, -10, @TIME, -1h, group:OTHER'
complete -c kgroups -n '__fish_seen_subcommand_from reset' -s t -l topic -r -f -a '(ktopics list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)' -d 'only these; also where nothing is committed yet'
complete -c kgroups -n '__fish_seen_subcommand_from reset' -l all-topics -f -d 'all that is committed (without -t)'
complete -c kgroups -n '__fish_seen_subcommand_from reset' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from delete' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from delete-offsets' -s t -l topic -r -f -a '(ktopics list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)' -d 'which'
complete -c kgroups -n '__fish_seen_subcommand_from delete-offsets' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from lag' -s t -l topic -r -f -a '(ktopics list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)' -d 'only these'
complete -c kgroups -n '__fish_seen_subcommand_from lag' -l only-lag -f -d 'only what lags'
complete -c kgroups -n '__fish_seen_subcommand_from lag' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from members' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from clone' -s t -l topic -r -f -a '(ktopics list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)' -d 'only these'
complete -c kgroups -n '__fish_seen_subcommand_from clone' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from clone' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
complete -c kgroups -n '__fish_seen_subcommand_from wait' -l lag -r -f -d 'the most that may be behind'
complete -c kgroups -n '__fish_seen_subcommand_from wait' -s t -l topic -r -f -a '(ktopics list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)' -d 'only these'
complete -c kgroups -n '__fish_seen_subcommand_from wait' -f -a '(kgroups list -o name --timeout 300ms -q (__kgroups_where) 2>/dev/null)'
