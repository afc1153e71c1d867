# mynah.fish - completion for mynah and mynahd in fish. Commands, options and questions are read
# from the program's own help, so there is no second list of them.

# "  -o, --output MODEL   where it goes" becomes "--output<tab>where it goes"
function __mynah_options
	$argv --help 2>/dev/null | string replace -rf '^  (?:-.,|   ) (--[a-z-]+)(?: \S+)?  +(.*)' '$1\t$2'
end

function __mynah_command
	set -l words (commandline -opc)
	echo $words[2]
end

function __mynah_files
	__fish_complete_suffix .$argv
end

complete -c mynah -f
complete -c mynah -n __fish_use_subcommand -a "(mynah --help | string replace -rf '^  mynah ([a-z]+).*' '\$1')"
complete -c mynah -n __fish_use_subcommand -l help -l version
complete -c mynah -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' \
	-a '(__mynah_options mynah (__mynah_command))'
complete -c mynah -n '__fish_seen_subcommand_from ctl' \
	-a "(mynah ctl --help | string replace -rf '^  ([a-z]+).*' '\$1')"
complete -c mynah -n '__fish_seen_subcommand_from learn; and contains -- (commandline -opc)[-1] -c --clusterer' \
	-a 'nmf linkage first-token reply-supervised template'
complete -c mynah -n '__fish_seen_subcommand_from learn eval; and contains -- (commandline -opc)[-1] -L --learner' \
	-a 'auto prisma scriptgen mining'
complete -c mynah -n '__fish_seen_subcommand_from learn; and contains -- (commandline -opc)[-1] -k --order' -a '1 2 4'
complete -c mynah -n '__fish_seen_subcommand_from learn eval; and contains -- (commandline -opc)[-1] -d --definition' -a '(__mynah_files service)'
complete -c mynah -n '__fish_seen_subcommand_from learn eval replay' -a '(__mynah_files pcap)(__mynah_files pcap.gz)'
complete -c mynah -n '__fish_seen_subcommand_from eval replay show chat simulate' -a '(__mynah_files mynah)'
complete -c mynah -n '__fish_seen_subcommand_from simulate; and contains -- (commandline -opc)[-1] -S --server' -a 'runtime prisma'
complete -c mynah -n '__fish_seen_subcommand_from ctl; and __fish_seen_subcommand_from load' -a '(__mynah_files mynah)'
complete -c mynah -n '__fish_seen_subcommand_from compile' -a '(__mynah_files txt)'

complete -c mynahd -f
complete -c mynahd -n 'string match -q -- "-*" (commandline -ct)' -a '(__mynah_options mynahd)'
complete -c mynahd -n 'contains -- (commandline -opc)[-1] -c --config' -a '(__mynah_files yaml)'
